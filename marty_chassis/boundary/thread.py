"""A blocking function in a thread, which is not forgotten while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from marty_chassis.boundary.detached import spawn
from marty_chassis.errors import TaskCancelled

T = TypeVar("T")
A = TypeVarTuple("A")


async def in_thread(
    function: Callable[[*A], T], *args: *A, name: str, limiter: CapacityLimiter | None = None
) -> T:
    """Give what the blocking function gives, or raise what it raises, whatever that is.

    A thread cannot be killed, so one that is cancelled is waited for: called through `bounded`, it
    is a stray until its function returns. The function may leave by itself when
    `anyio.from_thread.check_cancelled` raises.
    """
    scope = anyio.CancelScope()

    async def run() -> T:
        with scope:
            return await run_sync(function, *args, limiter=limiter)
        raise TaskCancelled(name)

    # In a task of its own, because asyncio's cancellation knows no shield: it would let us leave at
    # once, and the thread would run on unseen.
    thread = spawn(run, name=name, eager=True)
    try:
        await thread.wait()
    except anyio.get_cancelled_exc_class():
        scope.cancel()
        with anyio.CancelScope(shield=True):
            await thread.wait()
        raise
    try:
        return thread.result()
    finally:
        # See `bounded`.
        del thread
