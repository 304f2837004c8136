"""A plugin that was found: where it is from, what it says about itself, why it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from marty_chassis.boundary import Fault, Faults
from marty_chassis.discovery.room import Room
from marty_hookspecs import PluginMetadata

SourceKind = Literal["entry point", "folder", "martyconf", "bundled", "argument"]

Shape = Literal["class", "instance", "factory", "module"]
"""What a target is: a class and a factory are called to get the plugin, the others are it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a plugin is from."""

    kind: SourceKind
    place: str
    """The path of its file or package, `distribution:entry point`, or the name of the object."""
    distribution: str | None = None
    version: str | None = None
    """The distribution's."""

    def __str__(self) -> str:
        if self.kind == "entry point":
            entry = self.place.rpartition(":")[2]
            return f"entry point {entry!r} of {self.distribution} {self.version}"
        return self.place if self.kind in ("folder", "martyconf") else f"{self.kind} {self.place}"


class Place(Protocol):
    """Where plugins are from, seen and not imported."""

    @property
    def source(self) -> Source:
        """Where that is."""
        ...

    @property
    def name(self) -> str:
        """What a plugin there is called that has no name of its own."""
        ...

    def expected(self) -> tuple[str, ...]:
        """Give the folded names of its plugins as far as they can be known; nothing when unsure."""
        ...

    def off(self, disabled: frozenset[str]) -> tuple[str, ...]:
        """Give the names under which it is disabled; nothing where that is not yet known."""
        ...

    def read(self, faults: Faults) -> tuple[Candidate, ...]:
        """Import it and give what is in it."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One plugin that was found, usable or not; nothing of it has been constructed.

    It can be used when it has a target. Otherwise `problem` says in one line why not and what to
    do, and `fault` holds the traceback where the plugin's own code raised.
    """

    name: str
    """Folded; where the plugin could not be read, what its file is likely to call it."""
    metadata: PluginMetadata
    """As the plugin gives it, sequences made tuples."""
    source: Source
    target: object | None = None
    shape: Shape | None = None
    depth: int = 0
    """How many folders below the project's root the place lies that it belongs to."""
    scope: str | None = None
    """The path below which its request hooks apply; `None` is everywhere."""
    fault: Fault | None = None
    problem: str = ""
    sha256: str | None = None
    """The digest of the source bytes it is made of, see `digest_on_disk`."""
    files: tuple[str, ...] = ()
    """Those source files, siblings too."""
    room: Room | None = field(default=None, repr=False)
    """The private package that its modules live in; `None` where they are not ours to drop."""
    place: Place | None = field(default=None, repr=False)
    """Where to read it again."""

    @property
    def usable(self) -> bool:
        """Whether it can be started."""
        return self.target is not None and not self.problem

    @property
    def modules(self) -> tuple[str, ...]:
        """The names in `sys.modules` that it owns, as they are now."""
        return self.room.modules() if self.room is not None else ()

    def leave(self) -> None:
        """Take its modules, loggers and source lines out of the process, unless others need them.

        What still runs goes on; nothing can be imported from it any more. May be repeated.
        """
        if self.room is not None:
            self.room.leave(self.name)

    def stopped(self, problem: str) -> Candidate:
        """Give it without its target, and drop its modules; an earlier problem stays the one."""
        self.leave()
        return replace(self, target=None, room=None, problem=self.problem or problem)

    def __repr__(self) -> str:
        # The target's own repr is someone else's code.
        state = "usable" if self.usable else self.problem or "not imported"
        return f"<Candidate {self.name} {self.metadata.version} from {self.source}: {state}>"
