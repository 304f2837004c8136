"""What in a module is a plugin, and what any object is to us."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType

from marty_chassis.discovery.candidate import Shape
from marty_chassis.hooks.reading import marked


@dataclass(frozen=True, slots=True)
class Content:
    """Something that is a plugin, as it stands; nothing is checked yet."""

    target: object = field(repr=False)
    shape: Shape
    said: object = field(repr=False)
    """Its `plugin_metadata`, whatever that is; `None` where it has none."""
    module: str = ""
    """The module it was found in."""


def in_modules(modules: Iterable[ModuleType], package: str) -> Iterator[Content]:
    """Give the plugins of these modules: in the order of the modules, then of definition.

    A plugin is a class that carries its own `plugin_metadata` and is defined in `package` or below
    it, or a module that has hookimpls. A module whose hookimpls an earlier one has already brought
    is none by itself.
    """
    classes: set[int] = set()
    brought: set[int] = set()
    for module in modules:
        functions = {id(mark.function) for mark in marked(module)}
        if "plugin_metadata" in vars(module) or functions - brought:
            said = vars(module).get("plugin_metadata")
            yield Content(module, "module", said, module.__name__)
        brought |= functions
        for value in tuple(vars(module).values()):
            if (
                isinstance(value, type)
                and "plugin_metadata" in vars(value)
                and id(value) not in classes
                and _is_below(value.__module__, package)
            ):
                classes.add(id(value))
                said = vars(value)["plugin_metadata"]
                yield Content(value, "class", said, module.__name__)


def of_object(target: object) -> list[Content]:
    """Give what an object is that somebody has named; nothing where it is no plugin.

    A module may hold several plugins. Anything else that can be called, and says nothing about
    itself, is a factory.
    """
    if isinstance(target, ModuleType):
        return list(in_modules([target], target.__name__))
    said = getattr(target, "plugin_metadata", None)
    if isinstance(target, type):
        return [Content(target, "class", said)]
    if said is not None or any(True for _ in marked(target)):
        return [Content(target, "instance", said)]
    return [Content(target, "factory", None)] if isinstance(target, Callable) else []  # type: ignore[arg-type]


def _is_below(name: object, package: str) -> bool:
    return isinstance(name, str) and (name == package or name.startswith(f"{package}."))
