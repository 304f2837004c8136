"""One source's values with their places, and how the sources lie over each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from marty_chassis.errors import Problem
from marty_chassis.settings.names import folded
from marty_chassis.settings.places import Key, Kind, Origin, Path
from marty_chassis.settings.shape import holds_others, keys, step

__all__ = ["Layer", "at", "carry", "copied", "laid", "respelt", "under"]

DIRECTORIES: Path = ("plugins", "directories")


@dataclass(slots=True)
class Layer:
    """Values as plain mappings, lists and scalars; the place of each; what was wrong on the way."""

    data: dict[str, object] = field(default_factory=dict)
    origins: dict[Path, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def __repr__(self) -> str:
        # The data may hold secrets.
        return f"<Layer of {len(self.origins)} places, {len(self.problems)} problems>"


def laid(layers: Iterable[Layer]) -> Layer:
    """Lay the layers over each other, the strongest first, and give what is seen from above.

    Mappings are merged key by key; anything else, lists too, replaces what is below. Plugin
    folders given as arguments add to the configured ones instead.
    """
    result = Layer()
    for layer in reversed(list(layers)):
        whole = layer.origins.get(())
        if whole is not None and whole.kind is Kind.FILE:
            result.origins[()] = whole
        _lay(result.data, layer.data, (), (), layer, result)
        result.problems[:0] = layer.problems
    return result


def respelt(layer: Layer, model: object) -> Layer:
    """Give the layer with what came from variables spelt as the model spells it.

    Variables have no case and no hyphens; the keys of a model may have both. Empty sections are
    left out.
    """
    result = Layer(problems=layer.problems)
    if () in layer.origins:
        result.origins[()] = layer.origins[()]
    result.data = _respelt(layer.data, model, (), (), layer, result)
    return result


def copied(value: object) -> object:
    """Give the value with mappings and lists of its own; what is in them may not be copyable."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def at(value: object, path: Path) -> object:
    """Give what is at the path; None where there is nothing."""
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def carry(
    value: object,
    origins: Mapping[Path, Origin],
    source: Path,
    into: dict[Path, Origin],
    target: Path,
) -> None:
    """Note the places of a value, and of all inside of it, under another path."""
    if source in origins:
        into[target] = origins[source]
    for key, item in _items(value):
        carry(item, origins, (*source, key), into, (*target, key))


def under(origins: Mapping[Path, Origin], path: Path) -> dict[Path, Origin]:
    """Give the places at the path and below it, with paths that start there."""
    length = len(path)
    return {place[length:]: origin for place, origin in origins.items() if place[:length] == path}


def _lay(
    lower: dict[str, object],
    upper: Mapping[str, object],
    here: Path,
    there: Path,
    layer: Layer,
    result: Layer,
) -> None:
    """Lay `upper`, which is at `there` in its layer, over `lower`, at `here` in the result."""
    for key, value in upper.items():
        source = (*there, key)
        origin = layer.origins[source]
        name = _spelling(key, lower) if origin.kind.text_only else key
        target = (*here, name)
        below = lower.get(name)
        if isinstance(value, Mapping):
            if not isinstance(below, dict):
                _forget(below, target, result.origins)
                lower[name] = below = {}
            # A mapping that several layers fill is where the lowest has it, mostly the file.
            result.origins.setdefault(target, origin)
            _lay(below, value, target, source, layer, result)
        elif value is None and isinstance(below, dict):
            continue  # An empty section says nothing; it does not take away what is below.
        elif target == DIRECTORIES and origin.kind is Kind.ARGUMENT and below is not None:
            before, added = _listed(below), _listed(value)
            for index in range(len(added)):
                result.origins[(*target, len(before) + index)] = origin
            lower[name] = [*before, *added]
        else:
            _forget(below, target, result.origins)
            lower[name] = value
            carry(value, layer.origins, source, result.origins, target)


def _respelt(
    values: Mapping[str, object],
    model: object,
    there: Path,
    here: Path,
    layer: Layer,
    result: Layer,
) -> dict[str, object]:
    spelt: dict[str, object] = {}
    for key, value in values.items():
        source = (*there, key)
        origin = layer.origins.get(source)
        name = _spelling(key, keys(model)) if origin and origin.kind.text_only else key
        target = (*here, name)
        if value is None and holds_others(step(model, name)):
            continue  # A section whose keys are all comments.
        if isinstance(value, Mapping):
            if origin is not None:
                result.origins[target] = origin
            spelt[name] = _respelt(value, step(model, name), source, target, layer, result)
        else:
            spelt[name] = copied(value)
            carry(value, layer.origins, source, result.origins, target)
    return spelt


def _spelling(key: str, known: Iterable[str]) -> str:
    """Variables have no case and no hyphens: give the spelling that is there already."""
    found = [one for one in known if folded(one) == folded(key)]
    return key if key in found or not found else found[0]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _forget(value: object, path: Path, origins: dict[Path, Origin]) -> None:
    """Take away the places of a value that another one covers."""
    origins.pop(path, None)
    for key, item in _items(value):
        _forget(item, (*path, key), origins)


def _items(value: object) -> Iterable[tuple[Key, object]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
