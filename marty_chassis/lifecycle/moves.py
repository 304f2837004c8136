"""Every move of every plugin is begun and ended here.

Nobody commands a move. Others say what is wanted (`Unit.wanted`, `Unit.asked`) and call `settle`,
which looks at all plugins and begins what is due: each move is a task of its own, and when it ends
everybody is looked at again. So a plugin starts when what it needs has started, leaves after those
that stand on it, and comes back when its dependency does, by one and the same rule.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from loguru import logger

from marty_chassis.boundary import Detached, Fault, Outcome, Phase, Signal, spawn
from marty_chassis.hooks import HookManager
from marty_hookspecs import plugin_failed, plugin_loaded, plugin_started, plugin_stopped

from . import reasons
from .body import Maker
from .ledger import Ledger, Owners
from .life import Ending, Life
from .order import Order, ordered
from .prospects import WILLING, Outlook, Prospect, free_to_leave, prospects
from .state import State
from .status import Moved
from .unit import Change, Unit

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate
    from marty_chassis.settings import ChassisConfig

T = TypeVar("T")

DISABLED = "The operator has disabled it."


class Moves:
    """All plugins, and the moves under way."""

    def __init__(
        self,
        manager: HookManager,
        maker: Maker,
        config: Callable[[], ChassisConfig],
        told: Callable[[Moved], None],
    ) -> None:
        self.units: dict[str, Unit] = {}
        self.order = Order({})
        self.owners = Owners()
        self.ends: float | None = None
        """When all plugins have to have left (monotonic), while the service stops."""
        self.held = False
        """Whether nothing new may begin: plugins are being asked for configuration."""
        self.context: Context | None = None
        """What every plugin's task gets a copy of."""
        self._manager = manager
        self._maker = maker
        self._config = config
        self._told = told
        self._ended: Signal[None] = Signal()

    def reorder(self) -> None:
        """Find anew who needs whom, after plugins came or went."""
        self.order = ordered({name: unit.metadata for name, unit in self.units.items()})

    def settle(self) -> None:
        """Begin every move that is due; those under way that are not wanted are broken off."""
        if self.held:
            for unit in self.units.values():
                if unit.life is not None and not unit.wanted:
                    unit.life.interrupt()
            return
        seen = prospects(self.units, self.order)
        for name in self.order.sequence:
            unit, prospect = self.units[name], seen[name]
            if unit.busy is not None:
                moves_up = unit.rising or unit.change is not None
                if (moves_up and prospect.ground is Outlook.GONE) or not unit.wanted:
                    self._break_off(unit)
            elif unit.state in (State.STARTED, State.LOADED):
                self._stay_or_leave(unit, prospect, seen)
            elif not unit.wanted:
                self._put_aside(unit)
            elif unit.state in WILLING or unit.asked:
                self._rise_or_wait(unit, prospect)

    def drain(self) -> float:
        """Seconds that calls under way get when a plugin leaves now."""
        config = self._config()
        usual = config.plugins.reload.drain_timeout
        if self.ends is None:
            return usual
        left = self.ends - time.monotonic() - config.lifecycle.stop_timeout
        return max(0.0, min(usual, left))

    async def quiet(self, names: Collection[str] | None = None) -> None:
        """Wait until none of these plugins is being moved, or none at all."""
        while any(
            (unit.busy is not None or (unit.state is State.STARTED and not unit.wanted))
            and (names is None or name in names)
            for name, unit in self.units.items()
        ):
            await self._ended.wait()

    def move(
        self,
        unit: Unit,
        after: State,
        *,
        phase: Phase | None = None,
        reason: str = "",
        blocked_by: tuple[str, ...] = (),
    ) -> None:
        """Change a state, and tell those who watch."""
        unit.move(after, self._told, phase=phase, reason=reason, blocked_by=blocked_by)

    def begin(self, unit: Unit, work: Callable[[Unit, Life], Awaitable[None]], life: Life) -> None:
        """Begin a move in a task of its own."""
        context = None if self.context is None else self.context.copy()
        unit.rising = work in (self.rise, self.load)
        unit.busy = task = spawn(
            work, unit, life, name=f"move of plugin {unit.name}", context=context
        )
        task.when_ended(lambda ended: self._over([unit], ended))

    def renew(self, unit: Unit, life: Life, candidate: Candidate, hooks: frozenset[str]) -> None:
        """Put another run into the place of the one that serves, and tell those who watch."""
        unit.renew(life, candidate, hooks, self._told)

    def occupy(
        self,
        family: Collection[Unit],
        change: Change,
        work: Callable[[], Awaitable[T]],
        name: str,
    ) -> Detached[T]:
        """Begin a change of several plugins at once, in a task of its own."""
        context = None if self.context is None else self.context.copy()
        task = spawn(work, name=name, context=context)
        for unit in family:
            unit.busy, unit.rising, unit.change = task, False, change
        task.when_ended(lambda ended: self._over(family, ended))
        return task

    def look_again(self, *, settle: bool = True) -> None:
        """Something has ended that others may have waited for: begin what is due, and wake them."""
        ended, self._ended = self._ended, Signal()
        try:
            if settle:
                self.settle()
        finally:
            # A sink of the log may raise; who waits must not wait for ever.
            ended.set(None)

    async def load(self, unit: Unit, life: Life) -> None:
        """Make the plugin and no more."""
        if (ending := await life.load()) is not None:
            await self.end(unit, life, ending)

    def born(self, unit: Unit) -> Life:
        """Begin a new run of a plugin."""
        unit.quiet_timer()
        unit.asked, unit.left = False, ()
        unit.generation += 1
        unit.life = self.staged(unit, unit.candidate)
        return unit.life

    def staged(self, unit: Unit, candidate: Candidate) -> Life:
        """Make a run of a plugin, beside the one that it may have; it is no part of the unit."""

        def died(fault: Fault) -> None:
            life.died(fault)
            if unit.life is life:
                self.settle()

        body = self._maker.body(candidate, Ledger(unit.name, self.owners), died)
        failures = self._manager.failures
        life = Life(
            body,
            self._config().lifecycle,
            failures.faults,
            failures.strays,
            lambda of, state: self._reached(unit, of, state),
            died,
            self.context,
        )
        return life

    async def rise(self, unit: Unit, life: Life) -> None:
        """Start the plugin."""
        if (ending := await life.rise()) is not None:
            await self.end(unit, life, ending)

    async def leave(self, unit: Unit, life: Life, seconds: float | None = None) -> None:
        """Stop the plugin; calls under way have so many seconds, `drain` if not given."""
        if unit.state is State.STARTED:
            self._note_hooks(unit)
            reason = reasons.of_fault(life.death) if life.death else ""
            self.move(unit, State.STOPPING, phase=Phase.RUN if life.death else None, reason=reason)
        ending = await life.leave(self.drain() if seconds is None else seconds)
        await self.end(unit, life, ending)

    async def bury(self, unit: Unit, life: Life) -> None:
        """Undo a plugin whose event loop has ended."""
        if unit.state is State.STARTED:
            self.move(unit, State.STOPPING, reason="its event loop has ended")
        await self.end(unit, life, await life.bury())

    async def end(self, unit: Unit, life: Life, ending: Ending) -> None:
        """Write down how a run ended, and tell it."""
        if unit.life is not life:
            return  # Given up in the meantime.
        had_started = unit.state is State.STOPPING
        unit.life, unit.left, unit.stuck = None, life.left, life.stuck
        reason = reasons.of_ending(ending, life.left)
        if ending.state is State.RETRYING:
            self._try_again(unit, ending)
        self.move(unit, ending.state, phase=ending.phase, reason=reason)
        # Leaving because of others, it comes back with them even if its `stop` failed.
        unit.asked = ending.phase in (Phase.STOP, Phase.UNDO) and unit.wanted and had_started
        log = logger.bind(plugin=unit.name)
        if ending.state in (State.ERROR, State.QUARANTINED, State.RETRYING):
            log.warning(f"{ending.state.value}: {reason}")
        elif had_started:
            log.info("stopped")
        if had_started:
            await self._manager.hooks.ask(plugin_stopped, unit.name, life.body.metadata)
        if ending.fault is not None:
            await self.tell_failed(unit, ending.phase or ending.fault.phase, reason)

    async def tell_failed(self, unit: Unit, phase: Phase, reason: str) -> None:
        """Tell the plugins that are started that one has failed."""
        await self._manager.hooks.ask(plugin_failed, unit.name, unit.metadata, phase.value, reason)

    async def _reached(self, unit: Unit, life: Life, state: State) -> None:
        if unit.life is not life:
            return
        self.move(unit, state)
        hooks, metadata = self._manager.hooks, life.body.metadata
        if state is State.LOADED:
            if metadata != unit.metadata:
                unit.metadata = metadata
                self.reorder()
                self.settle()
            await hooks.ask(plugin_loaded, unit.name, metadata)
        elif state is State.INITIALIZING:
            unit.began = time.perf_counter()
        elif state is State.STARTED:
            unit.served, unit.attempt = True, 0
            self._note_hooks(unit)
            seconds = time.perf_counter() - unit.began
            logger.bind(plugin=unit.name).info(f"started in {seconds * 1000:.0f} ms")
            await hooks.ask(plugin_started, unit.name, metadata, seconds)

    def _note_hooks(self, unit: Unit) -> None:
        contribution = self._manager.current.contributions.get(unit.name)
        if contribution is not None:
            known = frozenset(handler.hook for handler in contribution.handlers)
            unit.hooks = known | (unit.hooks or frozenset())

    def _stay_or_leave(self, unit: Unit, prospect: Prospect, seen: dict[str, Prospect]) -> None:
        life = unit.life
        if life is None or prospect.outlook is Outlook.READY:
            return
        if unit.state is State.LOADED and prospect.outlook is Outlook.COMING:
            if prospect.ground is Outlook.READY and not prospect.waits:
                self.begin(unit, self.rise, life)
        elif free_to_leave(unit.name, self.units, self.order, seen):
            self.begin(unit, self.leave, life)

    def _rise_or_wait(self, unit: Unit, prospect: Prospect) -> None:
        cycle = self.order.cycles.get(unit.name)
        if cycle is not None:
            ring = tuple(name for name in dict.fromkeys(cycle.path) if name != unit.name)
            self._block(unit, reasons.of_cycle(cycle), ring or (unit.name,))
        elif prospect.ground is Outlook.GONE:
            unit.asked = False
            unit.quiet_timer()
            reason = reasons.of_block(prospect.lacking, self.units)
            self._block(unit, reason, reasons.blockers(prospect.lacking))
        elif prospect.ground is Outlook.READY and not prospect.waits:
            self.begin(unit, self.rise, self.born(unit))

    def _block(self, unit: Unit, reason: str, blocked_by: tuple[str, ...]) -> None:
        if unit.state is not State.BLOCKED:
            logger.bind(plugin=unit.name).warning(f"blocked: {reason}")
        self.move(unit, State.BLOCKED, reason=reason, blocked_by=blocked_by)

    def _put_aside(self, unit: Unit) -> None:
        unit.quiet_timer()
        if unit.disabled and unit.state is not State.DISABLED:
            self.move(unit, State.DISABLED, reason=DISABLED)
        elif unit.state in (State.BLOCKED, State.RETRYING):
            self.move(unit, State.STOPPED)

    def _break_off(self, unit: Unit) -> None:
        if unit.change is not None:
            unit.change.interrupt()
        elif unit.rising and unit.life is not None:
            unit.life.interrupt()

    def _try_again(self, unit: Unit, ending: Ending) -> None:
        limits = self._config().lifecycle
        unit.attempt += 1
        pause = min(limits.retry_initial * 2.0 ** min(unit.attempt - 1, 60), limits.retry_max)
        if ending.not_ready is not None and ending.not_ready.retry_after is not None:
            pause = ending.not_ready.retry_after
        unit.next_try = time.time() + pause
        unit.timer = spawn(self._later, unit, pause, name=f"next try of plugin {unit.name}")

    async def _later(self, unit: Unit, pause: float) -> None:
        await anyio.sleep(pause)
        unit.timer, unit.next_try = None, None
        unit.asked = True
        self.settle()

    def _over(self, family: Collection[Unit], task: Detached[Any]) -> None:
        mine = [unit for unit in family if unit.busy is task]
        if not mine:
            return  # Given up in the meantime.
        for unit in mine:
            unit.busy, unit.rising, unit.change = None, False, None
        try:
            if task.error is not None:
                names = ", ".join(unit.name for unit in mine)
                logger.bind(plugin=names).opt(exception=task.error).error("a move failed")
        finally:
            # Nobody but the end of the event loop cancels a move; nothing can be begun then.
            self.look_again(settle=task.outcome is not Outcome.CANCELLED)

    def __repr__(self) -> str:
        busy = [name for name, unit in self.units.items() if unit.busy is not None]
        return f"<Moves of {len(self.units)} plugins, under way: {', '.join(busy) or 'none'}>"
