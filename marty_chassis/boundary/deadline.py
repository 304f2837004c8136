"""A limit on someone else's code that holds even when it refuses to be cancelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio

from marty_chassis.boundary.detached import Detached, spawn
from marty_chassis.boundary.strays import Strays
from marty_chassis.errors import DeadlineExceeded

T = TypeVar("T")

GRACE = 1.0
"""Seconds that cancelled code has to clean up before it is abandoned."""


async def bounded(
    call: Callable[[], Awaitable[T]],
    seconds: float,
    name: str,
    *,
    strays: Strays,
    grace: float = GRACE,
) -> T:
    """Give what `await call()` gives, after `seconds + grace` seconds at most.

    Raises `DeadlineExceeded` when there was no answer in time, else what the call raised, whatever
    that was: stand inside `guarded`. At the deadline, and when the caller is cancelled, the call is
    cancelled; what has not left when the grace is over goes to `strays`. Code that blocks the event
    loop is not interrupted.
    """
    task = spawn(call, name=name, eager=True)
    try:
        in_time = await task.wait(seconds)
    except GeneratorExit:
        # We are being closed, and may not wait.
        task.cancel()
        strays.keep(task)
        raise
    except BaseException:
        await _left(task, grace, strays)
        raise
    try:
        if in_time:
            return task.result()
        raise DeadlineExceeded(name, seconds, left=await _left(task, grace, strays))
    finally:
        # The raised error's traceback holds this frame; it must not hold the task that holds it.
        del task


async def break_off(tasks: Iterable[Detached[None]]) -> None:
    """Cancel all of them, then wait until each has left: twice the grace at most.

    Twice, because what they wait for may be bounded itself.
    """
    tasks = tuple(tasks)
    for task in tasks:
        task.cancel()
    for task in tasks:
        await task.wait(2 * GRACE)


async def _left(task: Detached[T], grace: float, strays: Strays) -> bool:
    """Cancel, and wait a little; whether the task has left. One that has not is a stray."""
    task.cancel()
    try:
        with anyio.CancelScope(shield=True):
            await task.wait(grace)
        return task.done
    finally:
        strays.keep(task)
