"""A task of its own, in no task group, that its owner can leave behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from enum import Enum
from typing import Generic, TypeVar, TypeVarTuple

from loguru import logger

from marty_chassis.boundary.backend import (
    Cancellable,
    Scope,
    Waiter,
    host_cancelled,
    park,
    start_task,
    wake,
)
from marty_chassis.errors import TaskCancelled

T = TypeVar("T")
A = TypeVarTuple("A")


def spawn(
    function: Callable[[*A], Awaitable[T]],
    *args: *A,
    name: str,
    eager: bool = False,
    context: Context | None = None,
) -> Detached[T]:
    """Run `await function(*args)` in a task of its own and give that task.

    `eager` runs it up to its first suspension before this returns, where that is possible (asyncio
    on Python 3.12 and later). The task gets a copy of the caller's context variables, or `context`
    itself. Keep what is returned until it has ended, or give it to `Strays`: asyncio alone forgets
    a task that nobody holds.
    """
    task: Detached[T] = Detached(name)
    try:
        task._handle = start_task(
            task._run, function, args, name=name, eager=eager, context=context, lost=task._lost
        )
        return task
    finally:
        # See the end of `_run`: an eager start has this frame below that one.
        del task, function, args


class Outcome(Enum):
    """How a detached task has ended."""

    RETURNED = "returned"
    """The function gave a value."""

    RAISED = "raised"
    """The function raised: an exception, an exit, or a cancellation that nobody had asked for."""

    CANCELLED = "cancelled"
    """It was asked to leave, by `cancel` or by the end of the event loop, and it left."""


class Detached(Generic[T]):
    """A task made by `spawn`. Whatever its code raises ends here, and never in the event loop."""

    __slots__ = (
        "__weakref__",
        "_handle",
        "_value",
        "_waiters",
        "_watchers",
        "error",
        "name",
        "outcome",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.outcome: Outcome | None = None
        self.error: BaseException | None = None
        self._handle: Cancellable  # set by `spawn`, once the task has started
        self._waiters: list[Waiter] = []
        self._watchers: tuple[Callable[[Detached[T]], None], ...] = ()

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.outcome is not None

    def cancel(self) -> None:
        """Ask it to leave; may be repeated, and does nothing to one that has ended.

        On trio its code is told at each wait from now on, on asyncio once for each call.
        """
        if self.outcome is None:
            self._handle.cancel()

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, at most so long (None: no limit); True when it has."""
        if self.outcome is None:
            await park(self._waiters, seconds)
        return self.outcome is not None

    def result(self) -> T:
        """Give what the function returned, or raise what it raised, whatever that was.

        Raises `TaskCancelled` when it was cancelled, and `RuntimeError` while it runs. A
        `SystemExit` is raised too: stand inside `guarded`.
        """
        error = self.error
        try:
            if error is not None:
                raise error
            if self.outcome is Outcome.CANCELLED:
                raise TaskCancelled(self.name)
            if self.outcome is None:
                raise RuntimeError(f"{self!r} has no result yet: await its wait() first")
            return self._value
        finally:
            # The traceback holds this frame, which would hold the traceback.
            del error, self

    def when_ended(self, watcher: Callable[[Detached[T]], None]) -> None:
        """Call this when it has ended, at once if it has. For the host: it must not wait or raise."""
        if self.outcome is None:
            self._watchers += (watcher,)
        else:
            watcher(self)

    async def _run(
        self, scope: Scope | None, function: Callable[[*A], Awaitable[T]], args: tuple[*A]
    ) -> None:
        outcome = Outcome.CANCELLED
        try:
            if scope is None:
                self._value = await function(*args)
                outcome = Outcome.RETURNED
            else:
                with scope:
                    self._value = await function(*args)
                    outcome = Outcome.RETURNED
        except BaseException as error:
            if not host_cancelled(error):
                outcome = Outcome.RAISED
                # The traceback begins with their code, not with ours.
                ours = error.__traceback__
                self.error = error.with_traceback(ours and ours.tb_next)
                del ours
        self._end(outcome)
        # The frame of their code keeps this one, which must not keep the error in a circle.
        del self, scope, function, args

    def _lost(self, _: object) -> None:
        if self.outcome is None:
            self._end(Outcome.CANCELLED)

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        wake(self._waiters)
        for watcher in self._watchers:
            try:
                watcher(self)
            except Exception:
                with suppress(Exception):  # A sink of the log may raise; others watch too.
                    logger.exception("a watcher of task {} failed", self.name)
        self._watchers = ()

    def __repr__(self) -> str:
        return f"<Detached {self.name!r} {self.outcome.value if self.outcome else 'running'}>"
