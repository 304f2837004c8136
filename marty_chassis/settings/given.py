"""Values that come from code, not from a text: arguments, and what plugins answer to `config.load`."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path as FilePath

from pydantic import BaseModel

from marty_chassis.errors import Problem
from marty_chassis.settings.layer import Layer
from marty_chassis.settings.places import Key, Kind, Origin, Path, dotted

__all__ = ["HookLayer", "argument_layer", "hook_layer"]

_DEEPEST = 100
#: What is decided before any plugin can be asked, so that no plugin can change it.
_DECIDED: tuple[Path, ...] = (("plugins", "directories"), ("plugins", "entry_points"))


@dataclass(frozen=True, slots=True, repr=False)
class HookLayer:
    """What one plugin answered to `config.load`; the first one given wins over the later ones."""

    plugin: str
    values: object

    def __repr__(self) -> str:
        return f"HookLayer({self.plugin!r}, ***)"


def argument_layer(values: Mapping[str, object], base: FilePath) -> Layer:
    """Give the layer of what the code said; relative folders start at `base`."""
    return _layer(values, Origin(Kind.ARGUMENT, "argument", base))


def hook_layer(answer: HookLayer | Mapping[str, object], base: FilePath) -> Layer:
    """Give the layer of one answer; what it may not change is left out and is a problem."""
    plugin, values = (
        (answer.plugin, answer.values) if isinstance(answer, HookLayer) else ("", answer)
    )
    origin = Origin(Kind.HOOK, f"config.load:{plugin}" if plugin else "config.load", base)
    if not isinstance(values, Mapping):
        found = type(values).__name__
        problem = Problem("", f"the answer is of type {found}, not a mapping", str(origin))
        return Layer(problems=[problem])
    layer = _layer(values, origin)
    plugins = layer.data.get("plugins")
    for path in _DECIDED:
        if isinstance(plugins, dict) and plugins.pop(path[-1], None) is not None:
            message = "cannot be changed by a plugin: the plugins are found before they are asked"
            layer.problems.append(
                Problem(dotted(path), message, str(origin), "Write it elsewhere.")
            )
    return layer


def _layer(values: Mapping[str, object], origin: Origin) -> Layer:
    layer = Layer(origins={(): origin})
    for key, value in values.items():
        layer.data[str(key)] = _plain(value, (str(key),), layer, origin)
    return layer


def _plain(value: object, path: Path, layer: Layer, origin: Origin) -> object:
    """Give mappings as dicts with keys of text, sequences as lists, models as what was set."""
    layer.origins[path] = origin
    if len(path) > _DEEPEST:
        layer.problems.append(
            Problem(dotted(path[:3]) + "...", f"nested deeper than {_DEEPEST} levels", str(origin))
        )
        return None
    if isinstance(value, BaseModel):
        value = _what_was_set(value)
    items: list[tuple[Key, object]]
    if isinstance(value, Mapping):
        return {
            str(key): _plain(item, (*path, str(key)), layer, origin) for key, item in value.items()
        }
    if isinstance(value, list | tuple | Set):
        items = list(enumerate(value))
        return [_plain(item, (*path, key), layer, origin) for key, item in items]
    return value


def _what_was_set(model: BaseModel) -> dict[str, object]:
    """Give the fields as attributes hold them: `model_dump` would mask the secrets."""
    fields = type(model).model_fields
    values = {
        fields[name].alias or name: getattr(model, name)
        for name in fields
        if name in model.model_fields_set
    }
    return {**values, **(model.model_extra or {})}
