"""A plugin file or package on disk, and the candidates in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from marty_chassis.boundary import Fault, Faults
from marty_chassis.discovery.attempt import Attempt
from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.discovery.contents import Content, in_modules
from marty_chassis.discovery.declared import declared_names, text_of
from marty_chassis.discovery.digests import digest_of, files_on_disk
from marty_chassis.discovery.metadata import checked, spelled
from marty_chassis.discovery.room import Room
from marty_chassis.discovery.scan import submodules, why_not
from marty_hookspecs import PluginMetadata


@dataclass(frozen=True, slots=True)
class PluginFile:
    """A place in a plugin folder, or a martyconf; nothing of it has been imported."""

    source: Source
    name: str
    """What a plugin in it is called that has no name of its own."""
    depth: int = 0
    scope: str | None = None

    @property
    def path(self) -> Path:
        """The file, or the folder of the package."""
        return Path(self.source.place)

    def expected(self) -> tuple[str, ...]:
        """Give the names of its plugins as far as the source shows them; nothing when unsure."""
        return declared_names(text_of(self.path), self.name)

    def off(self, disabled: frozenset[str]) -> tuple[str, ...]:
        """Give the names under which it is disabled, if all that its source shows are."""
        names = self.expected() if disabled else ()
        return names if disabled.issuperset(names) else ()

    def read(self, faults: Faults) -> tuple[Candidate, ...]:
        """Import it, new, and give what is in it; nothing where it holds no plugin.

        A plugin that cannot be used is a candidate with its problem. A hanging import hangs.
        """
        return self.opened(faults, lambda _: None)

    def opened(
        self, faults: Faults, notice: Callable[[ModuleType], object]
    ) -> tuple[Candidate, ...]:
        """As `read`; `notice` sees the module itself, and what it raises is the plugin's fault."""
        if wrong := why_not(self.path):
            return self._failed(f"{self.path}: {wrong}")
        room = Room(self.path)
        contents: list[Content] = []
        try:
            with Attempt(faults, lambda: self._likely()[0]) as attempt:
                modules = room.load(submodules(self.path) if self.path.is_dir() else ())
                notice(modules[0])
                contents = list(in_modules(modules, room.main))
        finally:
            # Not before the fault is written: its traceback wants the lines as they ran.
            if not contents:
                room.close()
        if failure := attempt.failure:
            return self._failed(failure.problem(str(self.path), room.folder), failure.fault)
        candidates = tuple(self._candidate(content, room) for content in contents)
        room.holders.update(one.name for one in candidates if one.usable)
        if not room.holders:
            room.close()
        return candidates

    def _likely(self) -> tuple[str, ...]:
        return self.expected() or (spelled(self.name),)

    def _candidate(self, content: Content, room: Room) -> Candidate:
        below = content.module.removeprefix(room.main).replace(".", "-")
        metadata, wrong = checked(content.said, PluginMetadata(self.name + below))
        return Candidate(
            name=metadata.name,
            metadata=metadata,
            source=self.source,
            target=None if wrong else content.target,
            shape=content.shape,
            depth=self.depth,
            scope=self.scope,
            problem=f"{self.path}: {wrong}" if wrong else "",
            sha256=room.digest,
            files=room.files,
            room=room,
            place=self,
        )

    def _failed(self, problem: str, fault: Fault | None = None) -> tuple[Candidate, ...]:
        """One candidate for each plugin that the source seems to hold, so that all are listed."""
        files = files_on_disk(self.path)
        return tuple(
            Candidate(
                name=name,
                metadata=PluginMetadata(name),
                source=self.source,
                depth=self.depth,
                scope=self.scope,
                fault=fault and replace(fault, plugin=name),
                problem=problem,
                sha256=digest_of(files, self.path.parent),
                files=files,
                place=self,
            )
            for name in self._likely()
        )
