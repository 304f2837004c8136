"""Looking up places in a configuration that is loaded: where a value is from, what came as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from marty_chassis.errors import Problem
from marty_chassis.settings.layer import Layer, at
from marty_chassis.settings.names import RESERVED, folded
from marty_chassis.settings.places import Key, Path, dotted, nearest

__all__ = ["origin_of", "text_for_more"]

_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def origin_of(path: str | Sequence[Key], layer: Layer) -> str:
    """Give the place of the value at the path, dotted or key by key; `default` where it has none.

    What is inside of a list or a text has the place of the whole, where it has none of its own.
    """
    keys = _folded(tuple(path.split(".") if isinstance(path, str) else path))
    keys = _counted(keys, layer.data)
    place, origin = nearest(layer.origins, keys)
    if origin is None or (place != keys and isinstance(at(layer.data, place), Mapping)):
        return "default"
    return str(origin)


def text_for_more(value: object, path: Path, layer: Layer) -> Iterator[Problem]:
    """Give a warning for each text of a variable that looks like something else than text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from text_for_more(item, (*path, key), layer)
        return
    _, origin = nearest(layer.origins, path)
    if isinstance(value, str) and origin and origin.kind.text_only and _looks_typed(value):
        yield Problem(
            dotted(path),
            "arrives as text, though it looks like a number, a boolean or a list",
            str(origin),
            "Give the plugin a config_schema, or write the value in the file.",
            "warning",
        )


def _folded(keys: Path) -> Path:
    """Fold the plugin's name in a path, if there is one."""
    at = 2 if keys[:2] == ("plugins", "settings") else 1
    if keys[:1] != ("plugins",) or len(keys) <= at or (at == 1 and keys[1] in RESERVED):
        return keys
    return (*keys[:at], folded(str(keys[at])), *keys[at + 1 :])


def _counted(keys: Path, value: object) -> Path:
    """Give the path with numbers for the places of lists: `plugins.directories.0`."""
    counted: list[Key] = []
    for key in keys:
        in_list = isinstance(value, list) and isinstance(key, str) and key.isdecimal()
        counted.append(int(key) if in_list else key)
        value = at(value, (counted[-1],))
    return tuple(counted)


def _looks_typed(text: str) -> bool:
    """Whether YAML would take the text for something else."""
    word = text.strip().lower()
    if word in _WORDS or word[:1] in ("[", "{"):
        return True
    try:
        float(word)
    except ValueError:
        return False
    return True
