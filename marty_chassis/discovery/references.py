"""A plugin that is named by where to import it: `package.module:attribute`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from pathlib import Path

from marty_chassis.boundary import Fault, Faults
from marty_chassis.discovery.attempt import Attempt
from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.discovery.contents import Content, of_object
from marty_chassis.discovery.declared import declared_names, text_of
from marty_chassis.discovery.digests import digest_of
from marty_chassis.discovery.metadata import checked, spelled
from marty_hookspecs import PluginMetadata


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry point, a name in `marty_plugins`, or a bundled plugin."""

    source: Source
    name: str
    """The entry point's, or the last word of the module."""
    value: str
    """`package.module` or `package.module:attribute`."""
    texts: tuple[Path, ...] = ()
    """Where the source of the module may be, to look at without importing anything."""
    depth: int = 0
    scope: str | None = None

    def expected(self) -> tuple[str, ...]:
        """Give the names that the source of the module shows, and the name of the reference."""
        shown = (declared_names(text_of(path), self.name) for path in self.texts if path.is_file())
        return tuple(dict.fromkeys([spelled(self.name), *next(shown, ())]))

    def off(self, disabled: frozenset[str]) -> tuple[str, ...]:
        """Give the names under which it is disabled: its own, or all that its source shows."""
        name, *shown = self.expected()
        if name in disabled:
            return (name,)
        return tuple(shown) if shown and disabled.issuperset(shown) else ()

    def read(self, faults: Faults) -> tuple[Candidate, ...]:
        """Import it and give what it leads to.

        What is installed is imported once in the life of the process: what has been
        imported stays as it is, and what has failed is tried again.
        """
        contents: list[Content] = []
        with Attempt(faults, lambda: spelled(self.name)) as attempt:
            contents = of_object(self._target())
        if failure := attempt.failure:
            problem = f"{self.source}: {failure.problem(self.value)}"
            return (self._candidate(None, problem, failure.fault),)
        if not contents:
            problem = (
                f"{self.source}: {self.value} is no plugin. Name a class, an instance, a function"
                " that makes one, or a module with hookimpls."
            )
            return (self._candidate(None, problem),)
        return tuple(self._candidate(content) for content in contents)

    def _target(self) -> object:
        module, _, attribute = self.value.partition(":")
        target: object = import_module(module.strip())
        return reduce(getattr, filter(None, attribute.strip().split(".")), target)

    def _candidate(
        self, content: Content | None, problem: str = "", fault: Fault | None = None
    ) -> Candidate:
        metadata, wrong = checked(
            content.said if content else None,
            PluginMetadata(self.name, version=self.source.version or "0.0.0"),
        )
        problem = problem or (wrong and f"{self.source}: {wrong}")
        files = _files_of(self.value)
        return Candidate(
            name=metadata.name,
            metadata=metadata,
            source=self.source,
            target=content.target if content and not problem else None,
            shape=content.shape if content else None,
            depth=self.depth,
            scope=self.scope,
            fault=fault,
            problem=problem,
            sha256=digest_of(files, Path()),
            files=files,
            place=self,
        )


def _files_of(value: str) -> tuple[str, ...]:
    """The source file of the module that was imported."""
    file = getattr(sys.modules.get(value.partition(":")[0].strip()), "__file__", None)
    return (file,) if isinstance(file, str) and file.endswith(".py") else ()


def wanted_module(text: str, place: str) -> Reference:
    """Give the reference for what a martyconf names: `package.module`, or with an attribute."""
    name = text.partition(":")[0].rpartition(".")[2]
    return Reference(Source("martyconf", f"{text} (marty_plugins in {place})"), name, text)
