"""What is still alive of generations that were dropped, found by weak references."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marty_chassis.discovery.candidate import Candidate

MARK = "__marty_generation__"
"""The name in a dropped module's own namespace that holds what we watch."""


class Namespace:
    """Lives as long as the namespace of a module: functions hold that, and not the module."""

    __slots__ = ("__weakref__", "module")

    def __init__(self, module: str) -> None:
        self.module = module

    def __repr__(self) -> str:
        return f"<Namespace of {self.module}>"


@dataclass(frozen=True, slots=True)
class Survivor:
    """Something of a dropped generation that is alive although the garbage collector has run."""

    generation: int
    what: str
    """`instance of Audit`, `class Audit`, `code of module audit`."""


@dataclass(frozen=True, slots=True)
class _Watched:
    generation: int
    what: str
    alive: ref[Any]
    collections: int
    """Full runs of the garbage collector when it was dropped."""


class Survivors:
    """Watches what was dropped; never runs the garbage collector, which would stop everything."""

    def __init__(self) -> None:
        self._watched: dict[str, list[_Watched]] = {}

    def watch(
        self, plugin: str, generation: int, instance: object, candidate: Candidate, code: bool
    ) -> None:
        """Watch a run that is about to be dropped; with its `code`, when that leaves too."""
        runs = _full_runs()
        self._watched[plugin] = [w for w in self._watched.get(plugin, []) if w.alive() is not None]
        for what, thing in _things(instance, candidate if code else None):
            try:
                alive = ref(thing)
            except TypeError:
                continue  # It has slots, and none for weak references.
            self._watched[plugin].append(_Watched(generation, what, alive, runs))

    def of(self, plugin: str) -> tuple[Survivor, ...]:
        """What has survived a full run of the garbage collector, the oldest generation first."""
        runs = _full_runs()
        return tuple(
            Survivor(one.generation, one.what)
            for one in self._watched.get(plugin, ())
            if one.collections < runs and one.alive() is not None
        )

    def things(self, plugin: str) -> Iterator[tuple[Survivor, object]]:
        """What is alive, itself, to look at who holds it; keep none of it."""
        for one in self._watched.get(plugin, ()):
            if (thing := one.alive()) is not None:
                yield Survivor(one.generation, one.what), thing

    def forget(self, plugin: str) -> None:
        """Stop watching what a plugin has left."""
        self._watched.pop(plugin, None)

    def __repr__(self) -> str:
        return f"<Survivors of {', '.join(self._watched) or 'nobody'}>"


def _things(instance: object, candidate: Candidate | None) -> Iterator[tuple[str, object]]:
    kind = type(instance)
    if not isinstance(instance, ModuleType):
        yield f"instance of {kind.__qualname__}", instance
    if candidate is None:
        return
    modules = candidate.modules
    if kind.__module__ in modules:
        yield f"class {kind.__qualname__}", kind
    for name in modules:
        module = sys.modules.get(name)
        if module is not None:
            short = name.split(".", 2)[-1]
            # A namespace cannot be watched itself, and what is in it can.
            mark = vars(module)[MARK] = Namespace(short)
            yield f"code of module {short}", mark


def _full_runs() -> int:
    runs: int = gc.get_stats()[-1]["collections"]
    return runs
