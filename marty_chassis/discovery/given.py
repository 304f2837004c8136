"""Plugins that the service's own code hands over: instances, classes, modules, factories, files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from marty_chassis.boundary import Faults
from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.discovery.contents import Content, of_object
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.metadata import checked
from marty_chassis.errors import NotAPlugin
from marty_hookspecs import PluginMetadata


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One object given as an argument."""

    source: Source
    name: str
    content: Content = field(repr=False)

    def expected(self) -> tuple[str, ...]:
        """Give its name; there is nothing to import."""
        return (self.read_now().name,)

    def off(self, disabled: frozenset[str]) -> tuple[str, ...]:
        """Give nothing: there is no import to be spared."""
        return ()

    def read(self, faults: Faults) -> tuple[Candidate, ...]:
        """Give it as it is: nothing can be read again."""
        return (self.read_now(),)

    def read_now(self) -> Candidate:
        """Give the candidate."""
        metadata, wrong = checked(self.content.said, PluginMetadata(self.name))
        return Candidate(
            name=metadata.name,
            metadata=metadata,
            source=self.source,
            target=None if wrong else self.content.target,
            shape=self.content.shape,
            problem=f"{self.source}: {wrong}" if wrong else "",
            place=self,
        )


def given(plugins: Iterable[object]) -> list[Given | PluginFile]:
    """Give the places of these objects, in their order; raises `NotAPlugin`.

    A `Path` is one of a plugin file or package, which is read as from a plugin folder.
    """
    places: list[Given | PluginFile] = []
    for plugin in plugins:
        if isinstance(plugin, Path):
            name = plugin.stem if plugin.suffix == ".py" else plugin.name
            places.append(PluginFile(Source("folder", str(plugin.absolute())), name))
            continue
        contents = of_object(plugin)
        if not contents:
            raise NotAPlugin(type(plugin).__name__)
        for content in contents:
            module, name = _words(content.target)
            place = f"{module}.{name}" if name else module
            places.append(Given(Source("argument", place), _name(name or module), content))
    return places


def _words(target: object) -> tuple[str, str]:
    """The module, and the name in it; a module has no name in it."""
    if (name := getattr(target, "__qualname__", None)) is None:
        if isinstance(name := getattr(target, "__name__", None), str):
            return name, ""
        target, name = type(target), type(target).__qualname__
    return str(getattr(target, "__module__", "")), str(name)


def _name(words: str) -> str:
    """`AuditLog` is `audit-log`, `my_plugins.audit` is `audit`."""
    last = words.rpartition(".")[2]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", last)
