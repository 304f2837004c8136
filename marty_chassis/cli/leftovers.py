"""What plugins leave behind around their contexts, said while they are worked on: one line each.

For `marty dev`. A look takes some tens of milliseconds, in which nothing is served: one when a
plugin has started, one when it has stopped or its old generation has gone, one at the end.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

import anyio
from loguru import logger

from marty_chassis.boundary import Detached, spawn
from marty_chassis.discovery.private import ROOT
from marty_chassis.lifecycle import Moved, State
from marty_chassis.lifecycle.census import Difference, Ward

if TYPE_CHECKING:
    from marty_chassis.lifecycle import Supervisor

PATIENCE = 0.3
"""Seconds that what was told to end has for it."""

Key = tuple[str, Hashable]


class Leftovers:
    """Make it before plugins are imported, let it `watch` before they start, and `close` it."""

    def __init__(self) -> None:
        self._ward = Ward()
        self._supervisor: Supervisor | None = None
        self._tasks: set[Detached[None]] = set()
        self._turns: Counter[str] = Counter()
        self._own: defaultdict[str, set[Key]] = defaultdict(set)
        """By plugin, what the generation that serves had brought when it started."""
        self._old: defaultdict[str, set[Key]] = defaultdict(set)
        """... and what those before it had."""
        self._said: defaultdict[str, set[Key]] = defaultdict(set)

    def watch(self, supervisor: Supervisor) -> None:
        """Look whenever a plugin has stopped, or an old generation of it has gone."""
        self._supervisor = supervisor
        self._ward.watch(supervisor)
        supervisor.subscribe(self._moved)

    def close(self) -> None:
        """Look for the last time, when all plugins have stopped."""
        for task in tuple(self._tasks):
            task.cancel()
        for name in self._ward.plugins:
            self._look(name, PATIENCE)

    def _moved(self, moved: Moved) -> None:
        name = moved.name
        if moved.after is State.STARTED:
            self._old[name] |= self._own[name]
            self._own[name] = _keys(self._ward.around(name)) - self._old[name]
        if moved.after.at_rest or moved.before is moved.after is State.STARTED:
            self._turns[name] += 1
            task = spawn(
                self._look_later, name, self._turns[name], name=f"what plugin {name} has left"
            )
            self._tasks.add(task)
            task.when_ended(self._tasks.discard)

    async def _look_later(self, name: str, turn: int) -> None:
        if self._supervisor is not None and name in self._supervisor.candidates():
            await self._supervisor.dropped(name)
        await anyio.sleep(PATIENCE)
        if turn == self._turns[name]:  # Else somebody looks when the next one has gone.
            self._look(name)

    def _look(self, name: str, patience: float = 0.0) -> None:
        there = self._ward.around(name, patience=patience)
        # What is there, a thread say, may be what keeps the context.
        left = self._of_old(name, there) or self._ward.kept(name)
        for one in left:
            if _key(one) not in self._said[name]:
                logger.bind(plugin=name).warning("left behind: {}", one)
        # What has gone may come back under the same number.
        self._said[name] = _keys(left)
        self._old[name] &= _keys(there)

    def _of_old(self, name: str, there: tuple[Difference, ...]) -> tuple[Difference, ...]:
        """Leave out what belongs to the generation that runs."""
        if self._supervisor is None or name not in self._supervisor.candidates():
            return there
        if self._supervisor.body_of(name) is None:
            return there
        again = _keys(self._ward.around(name, newest=True))

        def is_old(one: Difference) -> bool:
            if one.where.module.startswith(f"{ROOT}."):
                return one.where.module not in sys.modules
            return _key(one) in self._old[name] and not (one.named and _key(one) in again)

        return tuple(one for one in there if is_old(one))

    def __repr__(self) -> str:
        return f"<Leftovers of {self._ward!r}>"


def _key(one: Difference) -> Key:
    return one.kind, one.key


def _keys(differences: Iterable[Difference]) -> set[Key]:
    return {_key(one) for one in differences}
