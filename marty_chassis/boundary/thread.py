"""A blocking function in a thread, which is not forgotten while it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar, TypeVarTuple

import anyio
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from marty_chassis.boundary.detached import spawn

T = TypeVar("T")
A = TypeVarTuple("A")


async def in_thread(
    function: Callable[[*A], T], *args: *A, name: str, limiter: CapacityLimiter | None = None
) -> T:
    """Give what the blocking function gives, or raise what it raises, whatever that is.

    A thread cannot be killed, so one that is cancelled is waited for: called through `bounded`, it
    is a stray until its function returns. asyncio's own cancellation would let us leave at once,
    and the thread would run on unseen.
    """
    thread = spawn(partial(run_sync, function, *args, limiter=limiter), name=name, eager=True)
    try:
        await thread.wait()
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await thread.wait()
        raise
    try:
        return thread.result()
    finally:
        # See `bounded`.
        del thread
