"""The old generations of plugins: they drain, stop and are dropped while the new ones serve."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import anyio
from loguru import logger

from marty_chassis.boundary import Detached, Outcome, Signal, spawn
from marty_chassis.hooks import Contribution, HookManager
from marty_hookspecs import plugin_reloaded

from . import reasons
from .life import Life
from .state import State
from .survivors import Survivors

if TYPE_CHECKING:
    from contextvars import Context

    from marty_chassis.discovery.candidate import Candidate

    from .unit import Unit


@dataclass(slots=True, eq=False)
class Old:
    """One generation of one plugin that serves no new request."""

    unit: Unit
    number: int
    life: Life
    candidate: Candidate
    contribution: Contribution | None
    """What it had registered last."""
    users: Sequence[Old] = ()
    """Generations of its dependents that were on their way out before it, and may still use it."""
    stops: bool = False
    """Whether nobody is waited for any more."""
    gone: Signal[None] = field(default_factory=Signal)
    """Set when it has been dropped."""

    def __repr__(self) -> str:
        return f"<Old {self.unit.name} generation {self.number}>"


class Departure:
    """The old generations of one reload, on their way out together."""

    def __init__(self, olds: Sequence[Old], seconds: float) -> None:
        self.olds = olds
        """In the order of starting."""
        self.drained = True
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + seconds)
        """Around the waiting for calls under way, and for nothing else."""
        self.over: Signal[None] = Signal()


class Departures:
    """Everything that is on its way out."""

    def __init__(
        self, manager: HookManager, survivors: Survivors, told: Callable[[], None]
    ) -> None:
        self.tasks: dict[Departure, Detached[None]] = {}
        self._manager = manager
        self.survivors = survivors
        self._told = told
        """Called when something has left: others may have waited for that."""

    def begin(self, olds: Sequence[Old], seconds: float, context: Context | None) -> Departure:
        """Let old generations go, in a task of their own; calls under way have so many seconds."""
        departure = Departure(olds, seconds)
        for old in olds:
            old.unit.olds.append(old)
        name = f"old generation of plugin {olds[0].unit.name}"
        task = spawn(self._depart, departure, name=name, context=context)
        self.tasks[departure] = task
        task.when_ended(lambda ended: self._over(departure, ended))
        return departure

    def of(self, unit: Unit) -> tuple[Departure, ...]:
        """Those that a generation of this plugin takes part in."""
        return tuple(one for one in self.tasks if any(old.unit is unit for old in one.olds))

    @property
    def olds(self) -> list[Old]:
        """Every old generation that has not been dropped."""
        return [one for departure in self.tasks for one in departure.olds if not one.gone.is_set]

    def hurry(self, seconds: float) -> None:
        """Wait for calls under way no longer than this."""
        ends = anyio.current_time() + seconds
        for departure in self.tasks:
            departure.scope.deadline = min(departure.scope.deadline, ends)

    def uses(self, departure: Departure, unit: Unit) -> int:
        """How many requests and calls can still reach a plugin's old generation."""
        selector = self._manager.selector
        return sum(
            selector.uses(old.contribution)
            for old in departure.olds
            if old.unit is unit and old.contribution is not None
        )

    def forget(self) -> None:
        """Forget those that were on their way out in an event loop that has ended."""
        for departure in tuple(self.tasks):
            self._end(departure)

    async def all_gone(self) -> None:
        """Wait until nothing is on its way out."""
        while self.tasks:
            await next(iter(self.tasks)).over.wait()

    async def _depart(self, departure: Departure) -> None:
        began = time.monotonic()
        with departure.scope:
            for old in reversed(departure.olds):
                await old.life.drain(inf)
        drained = not departure.scope.cancelled_caught
        seconds = time.monotonic() - began
        departure.drained = drained
        for old in reversed(departure.olds):
            for user in old.users:
                await user.gone.wait()
            await self._drop(old)
        for old in departure.olds:
            unit = old.unit
            await self._manager.hooks.ask(
                plugin_reloaded, unit.name, unit.metadata, unit.generation, drained, seconds
            )

    async def _drop(self, old: Old) -> None:
        unit, life, old.stops = old.unit, old.life, True
        others = [unit.candidate, *(one.candidate for one in unit.olds if one is not old)]
        code = all(old.candidate.room is not other.room for other in others)
        instance = life.body.instance
        if unit.life is None or unit.life.body.instance is not instance:
            self.survivors.watch(unit.name, old.number, instance, old.candidate, code)
        del instance
        ending = await life.finish()
        life.body.beside.clear()
        if ending.state is not State.STOPPED:
            reason = reasons.of_ending(ending, life.left)
            logger.bind(plugin=unit.name).warning(
                f"generation {old.number} has left, {ending.state.value}: {reason}"
            )
        if life.left or life.stuck is not None:
            unit.left = (*unit.left, *(f"{one} (generation {old.number})" for one in life.left))
        if old in unit.olds:
            unit.olds.remove(old)
        if code:
            old.candidate.leave()
        old.gone.set(None)
        self._told()

    def _over(self, departure: Departure, task: Detached[None]) -> None:
        if departure not in self.tasks:
            return
        if task.error is not None:
            logger.opt(exception=task.error).error("an old generation could not leave")
        untold = not all(old.gone.is_set for old in departure.olds)
        self._end(departure)
        if untold and task.outcome is not Outcome.CANCELLED:
            self._told()

    def _end(self, departure: Departure) -> None:
        del self.tasks[departure]
        for old in departure.olds:
            if old in old.unit.olds:
                old.unit.olds.remove(old)
            old.gone.set(None)
        departure.over.set(None)

    def __repr__(self) -> str:
        return f"<Departures {', '.join(map(repr, self.olds)) or 'none'}>"
