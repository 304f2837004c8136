"""A signal hands one value from one task to others."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from marty_chassis.boundary import Signal


async def test_who_waits_gets_the_value() -> None:
    signal: Signal[str] = Signal()
    got: list[str] = []

    async def wait() -> None:
        got.append(await signal.wait())

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert repr(signal) == "<Signal awaited by 2>"
        signal.set("hello")

    assert got == ["hello", "hello"]


async def test_who_comes_late_gets_the_value_without_yielding() -> None:
    signal: Signal[int] = Signal()
    signal.set(7)

    with anyio.CancelScope() as scope:
        scope.cancel()
        got = await signal.wait()

    assert got == 7
    assert repr(signal) == "<Signal set to 7>"


async def test_the_first_value_stays() -> None:
    signal: Signal[int] = Signal()

    answers = [signal.set(1), signal.set(2)]

    assert answers == [True, False]
    assert await signal.wait() == 1


@pytest.mark.parametrize("seconds", [0.001, 0, -1, float("nan")])
async def test_waiting_has_an_end(seconds: float) -> None:
    signal: Signal[int] = Signal()

    assert not await signal.within(seconds)

    signal.set(1)
    assert await signal.within(seconds)


@pytest.mark.parametrize("seconds", [None, float("inf"), 60])
async def test_waiting_ends_when_the_value_comes(seconds: float | None) -> None:
    signal: Signal[int] = Signal()
    got: list[bool] = []

    async def wait() -> None:
        got.append(await signal.within(seconds))

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        signal.set(1)

    assert got == [True]


async def test_a_waiter_that_is_cancelled_takes_nothing_from_the_others() -> None:
    signal: Signal[int] = Signal()
    got: list[int] = []

    async def wait() -> None:
        got.append(await signal.wait())

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        with anyio.move_on_after(0.005) as scope:
            await signal.wait()
        signal.set(3)

    assert scope.cancelled_caught
    assert got == [3]


async def test_a_waiter_cancelled_in_the_moment_of_setting_leaves_the_value_there() -> None:
    signal: Signal[int] = Signal()

    async with anyio.create_task_group() as group:
        group.start_soon(signal.wait)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        signal.set(5)

    assert await signal.wait() == 5


def test_a_loop_that_has_ended_has_nobody_to_wake() -> None:
    signal: Signal[int] = Signal()
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(signal.wait())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()

    assert signal.set(1)

    # Told here, as asyncio would say at an arbitrary later time that it was destroyed pending.
    waiting._log_destroy_pending = False  # type: ignore[attr-defined]
