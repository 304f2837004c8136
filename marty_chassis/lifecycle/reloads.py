"""All reloads of one service: which plugins one concerns, who may ask, what is left of the old."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING

from marty_chassis.errors import PluginBusy
from marty_chassis.hooks import HookManager

from . import reasons
from .fresh import read_anew
from .generations import Departures
from .intake import Intake
from .moves import Moves
from .reload import Reload
from .reloaded import Reloaded
from .state import State
from .survivors import Survivors
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


def refused(unit: Unit, reason: str) -> Reloaded:
    """The answer where nothing was begun: what serves is what it was."""
    return Reloaded(
        plugin=unit.name,
        generation=unit.generation,
        cascade=(),
        code_reloaded=False,
        require_restart=False,
        rolled_back=True,
        reason=reason,
        duration_ms=0.0,
        draining=0,
        worker=os.getpid(),
        sha256=unit.candidate.sha256,
    )


class Reloads:
    """Begins reloads, each in a task of its own: who asks may leave."""

    def __init__(
        self,
        moves: Moves,
        intake: Intake,
        manager: HookManager,
        config: Callable[[], ChassisConfig],
    ) -> None:
        self.survivors = Survivors()
        self.departures = Departures(manager, self.survivors, moves.look_again)
        self._moves = moves
        self._intake = intake
        self._manager = manager
        self._config = config

    async def reload(self, unit: Unit, *, drained: bool) -> Reloaded:
        """Replace a plugin by what its source is now; raises `PluginBusy`."""
        if unit.state is not State.STARTED:
            if unit.life is not None:
                raise PluginBusy(unit.name, unit.doing)
            return await self._start(unit)
        family = self._family(unit)
        reload = Reload(unit, family, self._moves, self._manager, self.departures, self._config)
        task = self._moves.occupy(family, reload, reload.run, f"reload of plugin {unit.name}")
        await task.wait()
        answer = task.result()
        if drained and reload.departure is not None:
            await reload.departure.over.wait()
            answer = replace(answer, draining=self.departures.uses(reload.departure, unit))
        return answer

    def _family(self, unit: Unit) -> list[Unit]:
        """The plugin and the started ones that stand on it, in the order of starting."""
        units, order = self._moves.units, self._moves.order
        found, todo = {unit.name}, [unit.name]
        while todo:
            for name in order.after(todo.pop()) - found:
                if units[name].busy is not None:
                    raise PluginBusy(name, units[name].doing)
                if units[name].state is State.STARTED:
                    found.add(name)
                    todo.append(name)
        return [units[name] for name in order.sequence if name in found]

    async def _start(self, unit: Unit) -> Reloaded:
        """Start a plugin that does not serve, with what its source is now.

        It is read and begun before anything else runs; who waits for it may leave.
        """
        began = time.perf_counter()
        before, code = unit.candidate, self._config().plugins.reload.code
        context = copy_context() if self._moves.context is None else self._moves.context.copy()
        fresh = context.run(read_anew, before, self._manager.faults, code=code)
        problem = reasons.of_candidate(fresh.candidate)
        if not (problem and before.usable):
            self._intake.take(unit, fresh.candidate)
            if not unit.broken:
                unit.stuck, unit.wanted, unit.asked = None, True, True
                self._moves.settle()
                await self._moves.quiet(self._moves.order.below(unit.name))
            problem = unit.reason if unit.state is not State.STARTED else ""
        return Reloaded(
            plugin=unit.name,
            generation=unit.generation,
            cascade=(),
            code_reloaded=fresh.code_reloaded,
            require_restart=fresh.require_restart,
            rolled_back=bool(problem) or unit.state is not State.STARTED,
            reason=problem,
            duration_ms=round((time.perf_counter() - began) * 1000, 3),
            draining=0,
            worker=os.getpid(),
            sha256=unit.candidate.sha256,
        )

    def __repr__(self) -> str:
        return f"<Reloads: {self.departures!r}>"
