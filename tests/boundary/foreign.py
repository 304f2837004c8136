"""Someone else's code that misbehaves, for both backends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio
import trio


async def cancellation_of_its_own() -> BaseException:
    """Make a cancellation that nobody has asked of the caller's task."""
    if on_asyncio():
        return asyncio.CancelledError("made up")
    kept: list[BaseException] = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        try:
            await anyio.sleep_forever()
        except trio.Cancelled as error:
            kept.append(error)
            raise
    return kept[0]


async def raise_cancellation_of_its_own() -> None:
    raise await cancellation_of_its_own()


async def await_a_cancelled_task() -> None:
    """Await a task that its owner has cancelled."""
    task = asyncio.ensure_future(asyncio.sleep(60))
    asyncio.get_running_loop().call_soon(task.cancel)
    await task


class Deaf:
    """Code that swallows every cancellation; it ends with the `with` block, so that no loop hangs."""

    def __init__(self) -> None:
        self.over = False
        self.told = 0
        self.ended = False

    async def __call__(self) -> str:
        while not self.over:
            try:
                await anyio.sleep(0.002)
            except anyio.get_cancelled_exc_class():
                self.told += 1
        self.ended = True
        return "at last"

    def __enter__(self) -> Deaf:
        return self

    def __exit__(self, *_: object) -> None:
        self.over = True


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other tasks will bring about, for a few seconds at most."""
    with anyio.fail_after(5):
        while not condition():  # what is waited for has no event
            await anyio.sleep(0.001)


def on_asyncio() -> bool:
    """Whether this test runs on asyncio."""
    return not trio.lowlevel.in_trio_task()
