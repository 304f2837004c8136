"""Blocking functions in threads."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar

import anyio
import anyio.from_thread
import pytest

from marty_chassis.boundary import Strays, bounded, in_thread
from marty_chassis.errors import DeadlineExceeded

from .foreign import until

variable: ContextVar[str] = ContextVar("variable")


async def test_it_gives_what_the_function_gives_with_the_callers_context() -> None:
    variable.set("ours")

    answer = await in_thread(lambda name: (name, variable.get()), "x", name="x")

    assert answer == ("x", "ours")


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
async def test_it_raises_what_the_function_raises(kind) -> None:
    def blocking() -> None:
        raise kind("boom")

    with pytest.raises(kind, match="boom"):
        await in_thread(blocking, name="x")


async def test_a_thread_cannot_hold_its_caller_beyond_the_deadline_and_is_named() -> None:
    strays = Strays()
    may_end = threading.Event()

    with pytest.raises(DeadlineExceeded) as raised:
        await bounded(
            lambda: in_thread(may_end.wait, 2, name="x"),
            0.005,
            "a blocking hook",
            strays=strays,
            grace=0.005,
        )

    assert not raised.value.left
    assert strays.names() == ("a blocking hook",)
    may_end.set()
    await until(lambda: len(strays) == 0)


async def test_a_caller_that_is_cancelled_waits_for_the_thread() -> None:
    ended: list[bool] = []

    def blocking() -> None:
        time.sleep(0.03)
        ended.append(True)

    with anyio.move_on_after(0.005) as scope:
        await in_thread(blocking, name="x")

    assert scope.cancelled_caught
    assert ended == [True]


async def test_a_function_that_asks_may_leave_when_its_caller_is_cancelled() -> None:
    left: list[bool] = []

    def blocking() -> None:
        try:
            for _ in range(1000):
                anyio.from_thread.check_cancelled()
                time.sleep(0.001)
        finally:
            left.append(True)

    with anyio.fail_after(0.9), anyio.move_on_after(0.01) as scope:
        await in_thread(blocking, name="x")

    assert scope.cancelled_caught
    assert left == [True]


async def test_a_caller_cancelled_in_the_queue_for_a_thread_leaves_at_once() -> None:
    limiter = anyio.CapacityLimiter(1)
    ran: list[bool] = []

    async with limiter:
        with anyio.move_on_after(0.005) as scope:
            await in_thread(lambda: ran.append(True), name="x", limiter=limiter)

    assert scope.cancelled_caught
    assert ran == []


async def test_a_limiter_bounds_how_many_run() -> None:
    limiter = anyio.CapacityLimiter(1)
    running: list[int] = []
    most: list[int] = []

    def blocking() -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.005)
        running.pop()

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(lambda: in_thread(blocking, name="x", limiter=limiter))

    assert most == [1, 1, 1]
