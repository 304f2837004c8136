"""What the plugins of one service leave behind, whenever somebody asks."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from weakref import ref

from marty_chassis.lifecycle.state import State

from . import kept
from .census import compare, take
from .difference import Difference
from .sources import Sources, sources_of

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate
    from marty_chassis.lifecycle.status import Moved
    from marty_chassis.lifecycle.supervisor import Supervisor

_GENERATIONS = 5
"""Whose sources and contexts are remembered, of each plugin."""


class Ward:
    """Make it before the plugins are imported, and let it `watch` before they start."""

    def __init__(self) -> None:
        self.before = take()
        self._supervisor: Supervisor
        self._known: dict[str, Candidate] = {}
        self._sources: dict[str, deque[Sources]] = {}
        self._contexts: dict[str, deque[ref[object]]] = {}

    def watch(self, supervisor: Supervisor) -> None:
        """Note from now on the sources of each generation of each plugin, as they run."""
        self._supervisor = supervisor
        for name in supervisor.candidates():
            self._note(name)
        supervisor.subscribe(self._moved)

    @property
    def plugins(self) -> tuple[str, ...]:
        """Every plugin that was seen."""
        return tuple(self._sources)

    def around(
        self, name: str, *, patience: float = 0.0, newest: bool = False
    ) -> tuple[Difference, ...]:
        """What there is of a plugin around its context; of one that has stopped it is left behind.

        patience: seconds that threads which were told to end have for it. newest: as far as the
        sources that were read last tell.
        """
        known = self._sources.get(name, deque())
        sources = known[-1] if newest and known else sum(reversed(known), Sources())
        return compare(self.before, sources, patience=patience)

    def kept(self, name: str) -> tuple[Difference, ...]:
        """Its contexts of runs that are over and that somebody else keeps.

        Collects all garbage if one seems to be.
        """
        running = self._context(name)
        over = [one for one in self._contexts.get(name, ()) if one() is not running]
        return tuple(kept.left(over, sum(reversed(self._sources.get(name, deque())), Sources())))

    def _moved(self, moved: Moved) -> None:
        if moved.after in (State.LOADED, State.STARTED):
            self._note(moved.name)
        if moved.after is State.STARTED and (context := self._context(moved.name)) is not None:
            known = self._contexts.setdefault(moved.name, deque(maxlen=_GENERATIONS))
            known.append(ref(context))

    def _note(self, name: str) -> None:
        candidate = self._supervisor.candidates()[name]
        if self._known.get(name) is not candidate:
            known = self._sources.setdefault(name, deque(maxlen=_GENERATIONS))
            known.append(sources_of(candidate))
            self._known[name] = candidate

    def _context(self, name: str) -> object | None:
        """The one of the run that serves."""
        if name not in self._supervisor.candidates():
            return None
        return getattr(self._supervisor.body_of(name), "context", None)

    def __repr__(self) -> str:
        return f"<Ward of {', '.join(self._sources) or 'no plugins'}>"
