"""The task that a plugin lives in: everything from its constructor to its last undo runs here.

What is entered in a task must be left in it: a task group that `start` opens can be closed by
`stop`, because both run here, and with no cancel scope of ours around either. So an errand that
takes too long is cancelled with the whole task, and what comes after it gets a new one.

The home never decides anything. Others send it errands, wait as long as they like, and leave it
behind when it does not come back.
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
    on_trio,
    own_scope_cancelled,
    spawn,
)
from marty_chassis.errors import (
    DeadlineExceeded,
    GroupFailed,
    PluginFault,
    PluginNotReady,
    TaskCancelled,
)

Call = Callable[[], Awaitable[object] | object]


@dataclass(frozen=True, slots=True)
class Ran:
    """How an errand went; without any of these it went well."""

    fault: Fault | None = None
    """What the plugin raised, or that it took too long."""
    not_ready: PluginNotReady | None = None
    late: bool = False
    """Its time was over."""
    broken_off: bool = False
    """It was told to break off, and did."""

    @property
    def well(self) -> bool:
        """Whether the errand was done to its end."""
        return self == _WELL


_WELL = Ran()


class Home:
    """One plugin's own task. For one errand at a time."""

    def __init__(
        self,
        plugin: str,
        faults: Faults,
        strays: Strays,
        lost: Callable[[Fault], None],
        context: Context | None = None,
    ) -> None:
        self.plugin = plugin
        self.stuck: Detached[None] | None = None
        """A task that would not leave; the next errand gets a new one."""
        self._faults = faults
        self._strays = strays
        self._lost = lost
        self._context = context
        self._door: Signal[_Errand | None] = Signal()
        self._task: Detached[None] | None = None
        self._keeper: Detached[None] | None = None
        self._errand: _Errand | None = None

    async def run(
        self, call: Call, phase: Phase, seconds: float, *, hook: str | None = None
    ) -> Ran:
        """Have the plugin's task do this; never raises for what the plugin does.

        After `seconds`, or when it is interrupted, it is cancelled; what then does not leave within
        a short grace is left behind.
        """
        task = self._inhabited()
        watch = guarded(self._faults, plugin=self.plugin, phase=phase, hook=hook)
        errand = self._errand = _Errand(call, watch)
        self._door.set(errand)
        try:
            await errand.attention.within(seconds)
        except anyio.get_cancelled_exc_class():
            # Who sent it has been cancelled; what is sent next is not to run beside it.
            with anyio.CancelScope(shield=True):
                await self._broken_off(task, errand)
            raise
        finally:
            self._errand = None
        if errand.done.is_set:
            ran = await errand.done.wait()
            if ran is None:  # The plugin has cancelled the task that it lives in.
                self._task = None
                return Ran(self._report(TaskCancelled(task.name), phase, hook))
            if ran.not_ready is not None:
                said = self._faults.shown(ran.not_ready.reason)
                return Ran(not_ready=PluginNotReady(said, ran.not_ready.retry_after))
            return ran
        left = await self._broken_off(task, errand)
        if left and errand.interrupted:
            return Ran(broken_off=True)
        name = f"plugin {self.plugin!r}: {phase.value}{f' {hook}' if hook else ''}"
        late = DeadlineExceeded(name, 0 if errand.interrupted else seconds, left=left)
        return Ran(self._report(late, phase, hook), late=True)

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

    async def _broken_off(self, task: Detached[None], errand: _Errand) -> bool:
        """Cancel the task, and whether it has left; one that has not is left behind."""
        self._task, errand.abandoned = None, True
        task.cancel()
        left = await task.wait(GRACE)
        if not left:
            self._strays.keep(task)
            self.stuck = task
        return left

    def _inhabited(self) -> Detached[None]:
        if self._task is None or self._task.done:
            self._door = Signal()
            name = f"plugin {self.plugin}"
            self._task = spawn(self._live, self._door, name=name, context=self._copied())
            if not on_trio():
                name = f"keeper of plugin {self.plugin}"
                self._keeper = spawn(self._keep, self._task, name=name, context=self._copied())
        return self._task

    def _copied(self) -> Context | None:
        return None if self._context is None else self._context.copy()

    async def _keep(self, task: Detached[None]) -> None:
        """Tell when the plugin's task ends and nobody has asked it to.

        An `asyncio.TaskGroup` that fails cancels the task that opened it, for once and with nothing
        else to be seen. So does the end of the event loop, which cancels the keeper as well.
        """
        await task.wait()
        if self._task is task and self._errand is None:
            self._lost(self._report(GroupFailed(self.plugin), Phase.RUN, None))

    async def _live(self, door: Signal[_Errand | None]) -> None:
        if not on_trio():
            await self._dwell(door)
            return
        # A task that ends with a nursery open is, for trio, an error of the nursery around the
        # task. That is this one, so, and not the one that holds the whole program.
        async with anyio.create_task_group() as contained:
            contained.start_soon(self._dwell, door)

    async def _dwell(self, door: Signal[_Errand | None]) -> None:
        while (errand := await self._next(door)) is not None:
            door = self._door = Signal()
            await errand.do()
            if errand.abandoned:
                return
            del errand

    async def _next(self, door: Signal[_Errand | None]) -> _Errand | None:
        try:
            return await door.wait()
        except anyio.get_cancelled_exc_class():
            if not own_scope_cancelled():
                raise
            # A task group that the plugin holds open has failed, and cancels the task that opened
            # it until `stop` closes it.
            self._lost(self._report(GroupFailed(self.plugin), Phase.RUN, None))
            after: list[_Errand | None] = []
            with anyio.CancelScope(shield=True):
                after.append(await door.wait())
            return after[0]

    def _report(self, error: Exception, phase: Phase, hook: str | None) -> Fault:
        return self._faults.report(error, plugin=self.plugin, phase=phase, hook=hook)

    def __repr__(self) -> str:
        return f"<Home of {self.plugin}: {self._task!r}>"


class _Errand:
    """One call."""

    def __init__(self, call: Call, guard: guarded) -> None:
        self.call = call
        self.guard = guard
        self.interrupted = False
        self.abandoned = False
        """Whether its task has been cancelled and is good for nothing else."""
        self.attention: Signal[None] = Signal()
        """Set when it is over, and when it is to be broken off."""
        self.done: Signal[Ran | None] = Signal()

    async def do(self) -> None:
        ran: Ran | None = None
        try:
            ran = await self._watched()
        finally:
            self.done.set(ran)
            self.attention.set(None)

    async def _watched(self) -> Ran:
        try:
            with self.guard:
                try:
                    answer = self.call()
                    if isinstance(answer, Awaitable):
                        await answer
                except PluginNotReady as error:
                    # Without its frames, which are the plugin's.
                    return Ran(not_ready=PluginNotReady(error.reason, error.retry_after))
        except PluginFault as error:
            return Ran(error.fault)
        return _WELL
