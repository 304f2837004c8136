"""The keys of `plugins:` in one spelling: what is ours, what is a plugin's, what is neither."""

from __future__ import annotations

from difflib import get_close_matches

from marty_chassis.errors import InvalidPluginName, Problem
from marty_chassis.settings.layer import Layer, carry, under
from marty_chassis.settings.names import LATER, RESERVED, canonical, folded
from marty_chassis.settings.places import Path, dotted, nearest

__all__ = ["fold"]

_OURS = {folded(name): name for name in RESERVED}


def fold(layer: Layer) -> Layer:
    """Give the layer with each plugin's name folded, in `plugins` and in `plugins.settings`.

    What cannot be a section is left out and is a problem: a name that no plugin can have, one that
    is reserved, two spellings of one name, a value that is no mapping.
    """
    plugins = layer.data.get("plugins")
    if not isinstance(plugins, dict):
        return layer
    result = Layer(dict(layer.data), {}, list(layer.problems))
    result.origins = {
        place: origin
        for place, origin in layer.origins.items()
        if place[:1] != ("plugins",) or len(place) == 1
    }
    result.data["plugins"] = folded_plugins = _names(plugins, ("plugins",), layer, result)
    if isinstance(settings := folded_plugins.get("settings"), dict):
        for place in under(result.origins, ("plugins", "settings")):
            if place:
                del result.origins[("plugins", "settings", *place)]
        folded_plugins["settings"] = _names(settings, ("plugins", "settings"), layer, result)
    return result


def _names(values: dict[str, object], path: Path, layer: Layer, result: Layer) -> dict[str, object]:
    """Give the mapping under its folded names, and move the places along."""
    sections = path == ("plugins",)
    seen: dict[str, str] = {}
    kept: dict[str, object] = {}
    for key, value in values.items():
        here = (*path, key)
        ours = sections and key in RESERVED
        problem = None if ours else _wrong(here, value, sections, layer)
        if sections and key in LATER:
            message = "reserved for a later version, and does nothing yet"
            problem = _problem(layer, here, message, "Remove it; no plugin may have this name.")
        name = key if ours else folded(key)
        if problem is None and name in seen:
            other = nearest(layer.origins, (*path, seen[name]))[1]
            message = f"another spelling of {dotted((*path, seen[name]))}, at {other}"
            problem = _problem(layer, here, message, "Keep one of them.")
        if problem is not None:
            result.problems.append(problem)
            continue
        seen[name] = key
        kept[name] = {} if value is None and not ours else value
        carry(value, layer.origins, here, result.origins, (*path, name))
    return kept


def _wrong(path: Path, value: object, sections: bool, layer: Layer) -> Problem | None:
    """Give what keeps a key from being a plugin's section, if anything does."""
    key = str(path[-1])
    try:
        name = canonical(key)
    except InvalidPluginName as error:
        return _problem(layer, path, str(error).rstrip("."), "")
    if sections and name in _OURS:
        message = "a reserved word in another spelling"
        return _problem(layer, path, message, f"Write `{_OURS[name]}`.")
    if value is None or isinstance(value, dict):
        return None
    found = "a list" if isinstance(value, list) else "a single value"
    message = f"a plugin's section must hold keys and values, found {found}"
    near = get_close_matches(key, sorted(RESERVED - LATER), n=1) if sections else []
    return _problem(layer, path, message, f"Did you mean `{near[0]}`?" if near else "")


def _problem(layer: Layer, path: Path, message: str, hint: str) -> Problem:
    _, origin = nearest(layer.origins, path)
    return Problem(dotted(path), message, str(origin or ""), hint)
