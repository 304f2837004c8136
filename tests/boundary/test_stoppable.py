"""Code that another task may stop: as in a cancel scope, but everything is done by the stopping."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.boundary import Detached, Stoppable, spawn


class Stopped:
    """Some code in a task of its own, inside of a stoppable."""

    def __init__(self, code: Callable[[], Awaitable[object]]) -> None:
        self.stoppable = Stoppable()
        self.happened: list[str] = []
        self._code = code

    def begin(self) -> Detached[None]:
        return spawn(self._run, name="stopped")

    async def _run(self) -> None:
        with self.stoppable:
            await self._code()
            self.happened.append("ran to its end")
        self.happened.append("went on")
        await anyio.sleep(0.001)
        self.happened.append("and was not cancelled")


async def test_what_waits_is_cancelled_and_the_task_goes_on() -> None:
    waiting = anyio.Event()

    async def code() -> None:
        waiting.set()
        await anyio.sleep_forever()

    stopped = Stopped(code)
    task = stopped.begin()
    await waiting.wait()
    stopped.stoppable.stop()
    stopped.stoppable.stop()

    assert await task.wait(2)
    assert stopped.happened == ["went on", "and was not cancelled"]


async def test_what_is_shielded_ends_first() -> None:
    waiting = anyio.Event()
    saved: list[bool] = []

    async def code() -> None:
        with anyio.CancelScope(shield=True):
            waiting.set()
            await anyio.sleep(0.03)
            saved.append(True)
        await anyio.sleep_forever()

    stopped = Stopped(code)
    task = stopped.begin()
    await waiting.wait()
    stopped.stoppable.stop()

    assert await task.wait(2)
    assert saved == [True]
    assert stopped.happened == ["went on", "and was not cancelled"]


async def test_who_swallows_it_is_cancelled_again() -> None:
    waiting = anyio.Event()
    swallowed: list[bool] = []

    async def code() -> None:
        waiting.set()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            swallowed.append(True)
        await anyio.sleep_forever()

    stopped = Stopped(code)
    task = stopped.begin()
    await waiting.wait()
    stopped.stoppable.stop()

    assert await task.wait(2)
    assert swallowed == [True]
    assert stopped.happened == ["went on", "and was not cancelled"]


async def test_task_groups_inside_are_left_in_order() -> None:
    waiting = anyio.Event()
    left: list[str] = []

    async def child() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            left.append("child")

    async def code() -> None:
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(child)
                await anyio.lowlevel.checkpoint()
                waiting.set()
                await anyio.sleep_forever()
        finally:
            left.append("group")

    stopped = Stopped(code)
    task = stopped.begin()
    await waiting.wait()
    stopped.stoppable.stop()

    assert await task.wait(2)
    assert left == ["child", "group"]
    assert stopped.happened[0] == "went on"


async def test_a_cancellation_of_the_task_itself_is_none_of_ours() -> None:
    waiting = anyio.Event()

    async def code() -> None:
        waiting.set()
        await anyio.sleep_forever()

    stopped = Stopped(code)
    task = stopped.begin()
    await waiting.wait()
    stopped.stoppable.stop()
    task.cancel()

    assert await task.wait(2)
    assert "and was not cancelled" not in stopped.happened


async def test_an_error_passes() -> None:
    stoppable = Stoppable()

    with pytest.raises(ValueError, match="mine"), stoppable:
        raise ValueError("mine")

    stoppable.stop()
    await anyio.sleep(0.001)


async def test_to_stop_what_has_ended_does_nothing() -> None:
    async def code() -> None:
        pass

    stopped = Stopped(code)
    task = stopped.begin()
    assert await task.wait(2)
    stopped.stoppable.stop()
    await anyio.sleep(0.001)

    assert stopped.happened == ["ran to its end", "went on", "and was not cancelled"]
