"""What asyncio and trio do differently: tasks of nobody, parking, and who asked for a cancellation.

The only file that imports `asyncio`. `trio` is optional: it is used when it is running, which means
that the program has imported it, and is never imported by us.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from functools import partial
from types import ModuleType, TracebackType
from typing import Any, NamedTuple, Protocol, Self, TypeVarTuple, cast

import anyio

from marty_chassis.boundary.words import consists_of

A = TypeVarTuple("A")


def host_cancelled(error: BaseException) -> bool:
    """Whether this is a cancellation that the host asked of the current task.

    False for one that the code made up, raised again later, or met by awaiting a task that somebody
    else cancelled, and outside an event loop. A group counts when it holds nothing else. Ask while
    the error is being handled, in the task that raised it.
    """
    if (trio := _running_trio()) is not None:
        # A Cancelled that was kept and raised again finds no cancelled scope around it.
        return consists_of(error, trio.Cancelled) and _is_over(trio.current_effective_deadline())
    if not consists_of(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    # A function in a thread learns of an anyio scope's end before the task that awaits it is told.
    return task is not None and (
        task.cancelling() > 0 or _is_over(anyio.current_effective_deadline())
    )


def is_fault(error: BaseException) -> bool:
    """Whether someone else's code did wrong: all but `GeneratorExit` and a host's cancellation."""
    return not isinstance(error, GeneratorExit) and not host_cancelled(error)


def running_loop() -> object:
    """The event loop of the current task, to compare by identity; cheap enough for each request."""
    # asyncio's own question without an exception; trio has no such object but its token.
    loop = asyncio._get_running_loop()
    if loop is not None:
        return loop
    trio = _running_trio()
    return None if trio is None else trio.lowlevel.current_trio_token()


def own_scope_cancelled() -> bool:
    """Whether something that the current task opened and holds open cancels it: its task group.

    For a task made by `spawn`, and one that such a task has started in a nursery of trio's.
    """
    if (trio := _running_trio()) is not None:
        nurseries = trio.lowlevel.current_task().child_nurseries
        return any(nursery.cancel_scope.cancel_called for nursery in nurseries)
    return _is_over(anyio.current_effective_deadline())


class LooseTask(NamedTuple):
    """A task that no other task has in a group of its own; compared by the task alone."""

    task: object
    name: str
    coroutine: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LooseTask) and self.task is other.task

    def __hash__(self) -> int:
        return id(self.task)


def loose_tasks() -> list[LooseTask]:
    """Every task of this event loop that nobody waits for as trio has it; none outside of one."""
    if (trio := _running_trio()) is not None:
        root = trio.lowlevel.current_root_task()
        tasks = [one for nursery in root.child_nurseries for one in nursery.child_tasks]
        return [LooseTask(one, one.name, one.coro) for one in tasks]
    if (loop := asyncio._get_running_loop()) is None:
        return []
    held = {info.id for info in anyio.get_running_tasks() if info.parent_id is not None}
    return [
        LooseTask(one, one.get_name(), one.get_coro())
        for one in asyncio.all_tasks(loop)
        if id(one) not in held
    ]


def signal_callback(number: int) -> object:
    """What asyncio's loop calls for a signal; `None` for others, where nobody can tell."""
    handlers = getattr(asyncio._get_running_loop(), "_signal_handlers", {})
    return getattr(handlers.get(number), "_callback", None)


def on_trio() -> bool:
    """Whether the current task is one of trio's."""
    return _running_trio() is not None


class Cancellable(Protocol):
    """What a task of nobody is cancelled by: the asyncio task, or its trio scope."""

    def cancel(self) -> object:
        """Ask it to leave; may be repeated."""


Scope = AbstractContextManager[object, bool | None]
"""What the code of a task stands in, on trio, so that it alone is cancelled."""


def start_task(
    run: Callable[[Scope | None, *A], Coroutine[object, object, None]],
    *args: *A,
    name: str,
    eager: bool,
    context: Context | None,
    lost: Callable[[object], None],
) -> Cancellable:
    """Start `run(scope, *args)`, which lets nothing escape, in a task of nobody; keep what you get.

    `eager` runs it up to its first suspension at once where that is possible: asyncio on Python
    3.12 and later. `lost` may be called when it ends, for it may end without having begun.
    """
    trio = _running_trio()
    if trio is not None:
        scope = trio.CancelScope()
        trio.lowlevel.spawn_system_task(
            partial(run, scope, *args),
            name=name,
            # Without this it would get the context in which trio was started.
            context=copy_context() if context is None else context,
        )
        return cast(Cancellable, scope)
    loop = asyncio.get_running_loop()
    work = run(None, *args)
    # Under an eager start the code's frames keep this one, which should keep nothing.
    del run, args
    if eager and sys.version_info >= (3, 12):
        try:
            return asyncio.Task(work, loop=loop, name=name, context=context, eager_start=True)
        finally:
            del work, lost
    task = loop.create_task(work, name=name, context=context)
    # Cancelled before its first step, a coroutine never reaches its own `except`.
    task.add_done_callback(lost)
    return task


class Waiter(Protocol):
    """A task that is parked. An asyncio future is one."""

    def done(self) -> bool:
        """Whether it goes on already."""
        ...

    def set_result(self, result: None, /) -> None:
        """Let it go on."""


def wake(waiters: Iterable[Waiter]) -> None:
    """Let every task go on that is parked in this list."""
    for waiter in waiters:
        if not waiter.done():
            try:
                waiter.set_result(None)
            except RuntimeError:
                # The event loop has ended, and nobody is left to go on.
                return


async def park(waiters: list[Waiter], seconds: float | None) -> None:
    """Wait in this list until woken, cancelled, or so many seconds are over (None: no limit)."""
    waiter: Waiter
    trio = _running_trio()
    if trio is not None:
        waiters.append(waiter := _TrioWaiter(trio))
        try:
            with trio.move_on_after(math.inf if seconds is None else max(0.0, seconds)):
                await trio.lowlevel.wait_task_rescheduled(waiter.abort)
        finally:
            waiters.remove(waiter)
        return
    loop = asyncio.get_running_loop()
    waiters.append(waiter := loop.create_future())
    timer = None
    # uvloop cannot count to infinity.
    if seconds is not None and seconds != math.inf:
        timer = loop.call_later(max(0.0, seconds), wake, (waiter,))
    try:
        await waiter
    finally:
        waiters.remove(waiter)
        if timer is not None:
            timer.cancel()


def place_in_queue(waiters: list[Waiter]) -> Awaitable[Any] | None:
    """Give what is to be awaited in this list, for `give_turn` to let us go on from its own call.

    `None` where that is not possible (trio): then `park` there. Await it at once, or leave it.
    """
    if _running_trio() is not None:
        return None
    place = _Turn(loop=asyncio.get_running_loop())
    waiters.append(place)
    return place


def give_turn(waiters: Iterable[Waiter], value: object) -> bool:
    """Let every task go on that waits in this list, with a value, at once where that is possible.

    Each runs as itself, with its own context, up to where it waits next; then this returns, True if
    one of them has cancelled the caller meanwhile.
    """
    cancelled = False
    for waiter in tuple(waiters):
        if not isinstance(waiter, _Turn):
            wake((waiter,))
        elif not waiter.done():
            cancelled = waiter.run(value) or cancelled
    return cancelled


class _Turn(asyncio.Future[Any]):
    """What a task waits for that another may run on, without a round of the event loop.

    To the task it is a future. The loop is not asked to call the task's wakeup: we call it, having
    said who runs meanwhile, as the documentation on extending asyncio has it.
    """

    _wakeup: Callable[[Any], object] | None = None
    _wakeup_context: Context | None = None

    def add_done_callback(
        self, fn: Callable[[Any], object], /, *, context: Context | None = None
    ) -> None:
        # Only the task that awaits us comes here, and only once.
        self._wakeup, self._wakeup_context = fn, context

    def cancel(self, msg: object | None = None) -> bool:
        cancelled = super().cancel(msg)
        if cancelled and self._wakeup is not None:
            self.get_loop().call_soon(self._wakeup, self, context=self._wakeup_context)
            self._wakeup = self._wakeup_context = None
        return cancelled

    def run(self, value: object) -> bool:
        """Run the task that waits here; True if it has cancelled the one that runs now."""
        self.set_result(value)
        wakeup, context = self._wakeup, self._wakeup_context
        # The task holds us in its frames, and we would hold the task.
        self._wakeup = self._wakeup_context = None
        if wakeup is None or context is None:
            return False
        loop = self.get_loop()
        current = asyncio.current_task(loop)
        if current is None:
            context.run(wakeup, self)
            return False
        before = current.cancelling()
        asyncio.tasks._leave_task(loop, current)
        try:
            context.run(wakeup, self)
        finally:
            asyncio.tasks._enter_task(loop, current)
        return current.cancelling() > before


class _TrioWaiter:
    __slots__ = ("_task", "_trio")

    def __init__(self, trio: ModuleType) -> None:
        self._trio = trio
        self._task = trio.lowlevel.current_task()

    def done(self) -> bool:
        return self._task is None

    def set_result(self, _: None) -> None:
        task, self._task = self._task, None
        self._trio.lowlevel.reschedule(task)

    def abort(self, _: object) -> object:
        self._task = None
        return self._trio.lowlevel.Abort.SUCCEEDED


class Stoppable:
    """`with Stoppable() as it:` around code that another task may end, with `it.stop()`.

    As leaving an anyio cancel scope: the code is cancelled where it waits, what it has shielded is
    not, one that swallows its cancellation is cancelled again, and a cancellation that somebody
    else asked for is none of ours. But entering it costs a tenth, as everything is done by `stop`.
    """

    __slots__ = ("_asked", "_before", "_inside", "_scope", "_task", "_timer")

    def __init__(self) -> None:
        self._asked = 0
        self._before = 0
        self._inside = True
        self._scope: anyio.CancelScope | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None

    def __enter__(self) -> Self:
        if _running_trio() is not None:
            # There a scope is cheap, and the only way.
            self._scope = anyio.CancelScope().__enter__()
            return self
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("only a task can be stopped")
        return self

    def stop(self) -> None:
        """Cancel the code; does nothing to one that has ended."""
        if not self._inside or self._asked or self._timer is not None:
            return
        if self._scope is not None:
            self._asked = 1
            self._scope.cancel()
        elif self._task is not None:
            self._before = self._task.cancelling()
            self._deliver(self._task)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._inside = False
        task, self._task = self._task, None
        if self._scope is not None:
            return bool(self._scope.__exit__(kind, error, traceback))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._asked or task is None:
            return False
        for _ in range(self._asked):
            task.uncancel()
        return (
            error is not None
            and consists_of(error, asyncio.CancelledError)
            and task.cancelling() <= self._before
        )

    def _deliver(self, task: asyncio.Task[object]) -> None:
        shielded = _is_shielded(task)
        if not shielded:
            self._asked += 1
            task.cancel("stopped")
        # A shield is waited for; and so is what has swallowed its cancellation, but longer.
        self._timer = asyncio.get_running_loop().call_later(
            0.01 if shielded else 0.5, self._deliver, task
        )


def _running_trio() -> ModuleType | None:
    """Trio, when the current task is one of its own; asyncio's may be in the same process."""
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    # The cheap answer first: asking trio from outside costs a dozen times as much.
    try:
        if asyncio.current_task() is not None:
            return None
    except RuntimeError:
        pass  # No loop of asyncio runs in this thread.
    return trio if trio.lowlevel.in_trio_task() else None


def _is_over(deadline: float) -> bool:
    """Whether a cancel scope around us has been cancelled (both backends say so in this way)."""
    return deadline == -math.inf


def _is_shielded(task: asyncio.Task[object]) -> bool:
    """Whether a task stands in an anyio scope that keeps cancellations out."""
    loop = task.get_loop()
    current = asyncio.current_task(loop)
    if current is not None:
        asyncio.tasks._leave_task(loop, current)
    asyncio.tasks._enter_task(loop, task)
    try:
        # anyio tells a task alone about its scopes, so we ask as that task.
        with anyio.CancelScope() as probe:  # noqa: ASYNC100 - nothing waits in it
            scope: object = probe
            while scope is not None:
                if getattr(scope, "shield", False):
                    return True
                scope = getattr(scope, "_parent_scope", None)
        return False
    finally:
        asyncio.tasks._leave_task(loop, task)
        if current is not None:
            asyncio.tasks._enter_task(loop, current)
