"""The task that a plugin lives in: everything from its constructor to its last undo runs here.

A cancel scope must be left in the task that entered it, so one task does all. It never decides
anything: others send it errands, wait as long as they like, and can leave it behind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass

import anyio

from marty_chassis.boundary import (
    GRACE,
    Detached,
    Fault,
    Faults,
    Phase,
    Signal,
    Strays,
    guarded,
    spawn,
)
from marty_chassis.errors import DeadlineExceeded, PluginFault, PluginNotReady, TaskCancelled

Call = Callable[[], Awaitable[object] | object]


@dataclass(frozen=True, slots=True)
class Ran:
    """How an errand went; without any of these it went well."""

    fault: Fault | None = None
    """What the plugin raised, or that it took too long."""
    not_ready: PluginNotReady | None = None
    interrupted: bool = False
    """It was told to break off, and did."""
    late: bool = False
    """It was cancelled because its time was over."""

    @property
    def well(self) -> bool:
        """Whether the errand was done to its end."""
        return self == _WELL


_WELL = Ran()


class Home:
    """One plugin's own task. For one errand at a time."""

    def __init__(
        self, plugin: str, faults: Faults, strays: Strays, context: Context | None = None
    ) -> None:
        self.plugin = plugin
        self._faults = faults
        self._strays = strays
        self._context = context
        self._door: Signal[_Errand | None] = Signal()
        self._task: Detached[None] | None = None
        self._errand: _Errand | None = None
        self.stuck: Detached[None] | None = None
        """The task that would not leave; the next errand gets a new one."""

    async def run(
        self, call: Call, phase: Phase, seconds: float, *, hook: str | None = None
    ) -> Ran:
        """Have the plugin's task do this; never raises for what the plugin does.

        After `seconds`, or when interrupted, it is cancelled; what then does not leave within a
        short grace is left behind, and the home gets a new task.
        """
        task = self._inhabited()
        watch = guarded(self._faults, plugin=self.plugin, phase=phase, hook=hook)
        errand = self._errand = _Errand(call, watch)
        self._door.set(errand)
        in_time = await errand.attention.within(seconds)
        if not errand.done.is_set:
            errand.limit.cancel()
            if not await errand.done.within(GRACE):
                self._leave_behind(errand, task)
        self._errand = None
        if errand.done.is_set and not errand.limit.cancel_called:
            ran = await errand.done.wait()
            if ran is None:  # The plugin cancelled the task it lives in.
                ran = Ran(self._report(TaskCancelled(task.name), phase, hook))
            return ran
        if errand.interrupted and errand.done.is_set:
            return Ran(interrupted=True)
        name = f"plugin {self.plugin!r}: {phase.value}{f' {hook}' if hook else ''}"
        waited = 0.0 if errand.interrupted else seconds
        late = DeadlineExceeded(name, waited, left=errand.done.is_set)
        return Ran(self._report(late, phase, hook), late=not in_time or not errand.done.is_set)

    def interrupt(self) -> None:
        """Break off the errand under way, if there is one."""
        if self._errand is not None:
            self._errand.interrupted = True
            self._errand.attention.set(None)

    def desert(self) -> None:
        """Forget the task: the event loop in which it lived has ended."""
        self._task, self._errand = None, None

    async def close(self) -> None:
        """Let the task end."""
        task, self._task = self._task, None
        if task is not None and not task.done:
            self._door.set(None)
            if not await task.wait(GRACE):
                self._strays.keep(task)

    def _inhabited(self) -> Detached[None]:
        if self._task is None or self._task.done:
            self._door = Signal()
            name = f"plugin {self.plugin}"
            context = None if self._context is None else self._context.copy()
            self._task = spawn(self._live, name=name, context=context)
        return self._task

    async def _live(self) -> None:
        door = self._door
        while (errand := await door.wait()) is not None:
            door = self._door = Signal()
            await errand.do()
            del errand
            if self._door is not door:
                return  # Left behind, and another task lives here now.

    def _leave_behind(self, errand: _Errand, task: Detached[None]) -> None:
        # Cancellation is level-triggered: without this, code that swallows it would spin.
        errand.calm.shield = True
        self._strays.keep(task)
        self.stuck = task
        self._task = None
        self._door = Signal()

    def _report(self, error: Exception, phase: Phase, hook: str | None) -> Fault:
        return self._faults.report(error, plugin=self.plugin, phase=phase, hook=hook)

    def __repr__(self) -> str:
        return f"<Home of {self.plugin}: {self._task!r}>"


class _Errand:
    """One call, with what stops it."""

    def __init__(self, call: Call, guard: guarded) -> None:
        self.call = call
        self.guard = guard
        self.limit = anyio.CancelScope()
        self.calm = anyio.CancelScope()
        self.interrupted = False
        self.attention: Signal[None] = Signal()
        """Set when it is over, and when it is to be broken off."""
        self.done: Signal[Ran | None] = Signal()

    async def do(self) -> None:
        ran: Ran | None = None
        try:
            with self.limit, self.calm:
                ran = await self._watched()
        finally:
            self.done.set(ran)
            self.attention.set(None)

    async def _watched(self) -> Ran:
        try:
            with self.guard:
                try:
                    answer = self.call()
                    if hasattr(answer, "__await__"):
                        await answer
                except PluginNotReady as error:
                    # Without its frames, which are the plugin's.
                    return Ran(not_ready=PluginNotReady(error.reason, error.retry_after))
        except PluginFault as error:
            return Ran(error.fault)
        return _WELL
