"""A reload: one transaction, in a task of its own, that ends with the new or with the old one.

The plugin and its started dependents are made, initialized and started beside the ones that serve,
and nothing of them is visible. Then one generation with all of them is published, and the units get
their new runs in the same breath. Whatever goes wrong before that is undone, and what serves has
never stopped. What served until then leaves when nobody uses it any more (`generations.py`).

`export_state` is asked of the run that serves when the new one is initialized, for one that has an
`import_state`; that is called next, and then `start`. What the old one changes between its
`export_state` and the swap is not carried.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
from loguru import logger

from marty_chassis.boundary import Fault, Phase, guarded
from marty_chassis.errors import PluginFault
from marty_chassis.hooks import HookManager
from marty_hookspecs import PluginMetadata

from . import reasons
from .exchange import Exchange, exported, is_exclusive
from .fresh import Fresh, objection, read_anew, same_needs
from .generations import Departure, Departures, Old
from .life import Ending, Life
from .moves import Moves
from .reloaded import Reloaded
from .state import State
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate
    from marty_chassis.settings import ChassisConfig


@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    """One run beside the one that serves."""

    unit: Unit
    candidate: Candidate
    life: Life


class Reload:
    """One transaction. It raises nothing for what plugins do: the answer says it."""

    def __init__(
        self,
        unit: Unit,
        family: Sequence[Unit],
        moves: Moves,
        manager: HookManager,
        departures: Departures,
        config: Callable[[], ChassisConfig],
    ) -> None:
        self.unit = unit
        self.family = family
        """The plugin and its started dependents."""
        self.departure: Departure | None = None
        """The old generation on its way out, after the swap."""
        self._moves = moves
        self._manager = manager
        self._departures = departures
        self._config = config
        self._staged: list[Staged] = []
        self._exchange: Exchange | None = None
        self._interrupted = False
        self._asked = time.perf_counter()

    @property
    def doing(self) -> str:
        """What is under way, for whoever has to wait."""
        return f"being reloaded, with what stands on {self.unit.name!r}"

    def interrupt(self) -> None:
        """Take it back, as soon as possible: a plugin of it, or what one needs, is to leave."""
        self._interrupted = True
        if self._exchange is not None:
            self._exchange.interrupt()
        for staged in self._staged:
            staged.life.interrupt()

    async def run(self) -> Reloaded:
        """Do it."""
        unit = self.unit
        fresh = read_anew(
            unit.candidate, self._manager.faults, code=self._config().plugins.reload.code
        )
        problem = "It was broken off."
        try:
            problem = (
                reasons.of_candidate(fresh.candidate)
                or self._objection(unit, fresh.candidate.metadata)
                or await self._replace(fresh)
            )
        finally:
            if problem:
                # Whoever cancels this leaves no half of it behind.
                with anyio.CancelScope(shield=True):
                    await self._undo(fresh)
        return self._answer(fresh, problem)

    def _objection(self, unit: Unit, metadata: PluginMetadata) -> str:
        moves, names = self._moves, [one.name for one in self.family]
        return objection(unit.name, metadata, moves.units, moves.order, names)

    async def _replace(self, fresh: Fresh) -> str:
        config = self._config()
        pairs = [(u, fresh.candidate if u is self.unit else u.candidate) for u in self.family]
        if not any(is_exclusive(unit, candidate, config) for unit, candidate in pairs):
            return await self._stage(fresh) or self._commit(fresh)
        self._exchange = Exchange(
            self.unit,
            self.family,
            fresh,
            self._moves,
            self._manager,
            self._departures.survivors,
            self._config,
        )
        return await self._exchange.run()

    async def _stage(self, fresh: Fresh) -> str:
        """Start all of them beside the ones that serve; the reason when that failed."""
        for unit in self.family:
            candidate = fresh.candidate if unit is self.unit else unit.candidate
            life = self._moves.staged(unit, candidate)
            self._staged.append(Staged(unit, candidate, life))
            if self._interrupted:
                return _BROKEN_OFF
            if reason := await self._started(unit, candidate, life):
                return reason if unit is self.unit else _of_dependent(unit, reason)
        return ""

    async def _started(self, unit: Unit, candidate: Candidate, life: Life) -> str:
        if (ending := await life.load()) is not None:
            return _reason(ending, life)
        self._introduce(unit, life)
        metadata = life.body.metadata
        # One that a factory has made says only now what it is.
        if metadata != candidate.metadata and (reason := self._objection(unit, metadata)):
            return reason
        if (ending := await life.prepare()) is not None:
            return _reason(ending, life)
        state, fault = await self._exported(unit, life)
        if fault is not None:
            return reasons.of_fault(fault)
        if state is not None and (ending := await life.take(state)) is not None:
            return _reason(ending, life)
        ending = await life.begin()
        return "" if ending is None else _reason(ending, life)

    def _introduce(self, unit: Unit, life: Life) -> None:
        """Let those that are staged together see each other, and nobody else see them."""
        instances = {s.unit.name: s.life.body.instance for s in self._staged}
        for staged in self._staged:
            staged.life.body.beside.update(instances)

    async def _exported(self, unit: Unit, life: Life) -> tuple[object, Fault | None]:
        """Ask the run that serves what the next one is to have."""
        faults, serving = self._manager.faults, unit.life
        try:
            with guarded(faults, plugin=unit.name, phase=Phase.RESTORE):
                if serving is None or not life.body.keeps_state:
                    return None, None
        except PluginFault as error:
            return None, error.fault
        return await exported(unit.name, serving, self._manager)

    def _commit(self, fresh: Fresh) -> str:
        """Put all of them into the place of those that serve; the reason when that failed.

        Nothing else runs from its beginning to its end.
        """
        for staged in self._staged:
            if not staged.life.lasts:
                death = staged.life.death
                return _BROKEN_OFF if death is None else reasons.of_fault(death)
            # Others may have come and gone since this was looked at.
            if reason := self._objection(staged.unit, staged.life.body.metadata):
                return reason if staged.unit is self.unit else _of_dependent(staged.unit, reason)
        before = self._manager.current.contributions
        contributions = [staged.life.body.registrations.contribution() for staged in self._staged]
        if fresh.code_reloaded:
            self._manager.failures.mended(self.unit.name)
        try:
            with guarded(self._manager.faults, plugin=self.unit.name, phase=Phase.START):
                self._manager.publish(*contributions)
        except PluginFault as error:
            return reasons.of_fault(error.fault)
        same = all(same_needs(s.unit.metadata, s.life.body.metadata) for s in self._staged)
        olds: list[Old] = []
        for staged, contribution in zip(self._staged, contributions, strict=True):
            unit, served = staged.unit, staged.unit.life
            if served is not None:
                users = [old for o in self._moves.order.after(unit.name) for old in self._olds(o)]
                olds.append(
                    Old(
                        unit,
                        unit.generation,
                        served,
                        unit.candidate,
                        before.get(unit.name),
                        users,
                    )
                )
            hooks = frozenset(handler.hook for handler in contribution.handlers)
            self._moves.renew(unit, staged.life, staged.candidate, hooks)
        self._part(olds)
        if not same:
            self._moves.reorder()
        self.departure = self._departures.begin(olds, self._moves.drain(), self._moves.context)
        return ""

    def _olds(self, name: str) -> list[Old]:
        return self._moves.units[name].olds

    def _part(self, olds: Sequence[Old]) -> None:
        """From now on each generation sees its own."""
        for staged in self._staged:
            staged.life.body.beside.clear()
        instances = {old.unit.name: old.life.body.instance for old in olds}
        for old in olds:
            old.life.body.beside.update(instances)
            for user in old.users:
                user.life.body.beside.setdefault(old.unit.name, old.life.body.instance)

    async def _undo(self, fresh: Fresh) -> None:
        for staged in reversed(self._staged):
            await staged.life.leave(0)
            staged.life.body.beside.clear()
        self._staged.clear()
        if fresh.candidate.room is not self.unit.candidate.room:
            fresh.candidate.leave()

    def _answer(self, fresh: Fresh, problem: str) -> Reloaded:
        unit, log = self.unit, logger.bind(plugin=self.unit.name)
        took = (time.perf_counter() - self._asked) * 1000
        draining = 0
        if problem:
            log.warning(f"generation {unit.generation} serves on, the reload is undone: {problem}")
        else:
            log.info(f"generation {unit.generation} serves, after {took:.1f} ms")
        if self.departure is not None:
            draining = self._departures.uses(self.departure, unit)
        return Reloaded(
            plugin=unit.name,
            generation=unit.generation,
            cascade=() if problem else tuple(o.name for o in self.family if o is not unit),
            code_reloaded=fresh.code_reloaded and not problem,
            require_restart=fresh.require_restart,
            rolled_back=bool(problem),
            reason=problem or (_RESTART if fresh.require_restart else ""),
            duration_ms=round(took, 3),
            draining=draining,
            worker=os.getpid(),
            sha256=unit.candidate.sha256,
        )

    def __repr__(self) -> str:
        return f"<Reload of {self.unit.name}>"


_BROKEN_OFF = "It was broken off: the plugin, or what it needs, was told to leave."
_RESTART = "Its code on the disk has changed; restart the process to run it."


def _reason(ending: Ending, life: Life) -> str:
    if ending.state is State.STOPPED:
        return _BROKEN_OFF
    return reasons.of_ending(ending, life.left)


def _of_dependent(unit: Unit, reason: str) -> str:
    return f"plugin {unit.name!r}, which is replaced with it: {reason}"
