"""Who asked for a cancellation: the host, whose it is to pass through, or the code itself."""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
from contextlib import suppress

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
import trio

from marty_chassis.boundary import host_cancelled, is_fault

from .foreign import await_a_cancelled_task, on_asyncio, raise_cancellation_of_its_own

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])
trio_only = pytest.mark.parametrize("anyio_backend", ["trio"])


async def verdict(code) -> bool | None:
    """What `host_cancelled` says of what the code raises, asked where a guard would ask."""
    try:
        await code()
    except BaseException as error:
        verdicts.append(host_cancelled(error))
        raise
    return None


verdicts: list[bool] = []


@pytest.fixture(autouse=True)
def fresh_verdicts():
    verdicts.clear()


async def test_a_scope_of_the_host_that_times_out_is_the_hosts() -> None:
    with anyio.move_on_after(0.01) as scope:
        await verdict(anyio.sleep_forever)

    assert scope.cancelled_caught
    assert verdicts == [True]


async def test_a_task_group_of_the_host_that_is_cancelled_is_the_hosts() -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(verdict, anyio.sleep_forever)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()

    assert verdicts == [True]


async def test_a_cancelled_scope_of_the_host_is_seen_through_scopes_and_groups_of_the_code() -> (
    None
):
    async def code() -> None:
        with anyio.CancelScope():
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep_forever)
                await anyio.sleep_forever()

    with anyio.move_on_after(0.01):
        await verdict(code)

    assert verdicts == [True]


async def test_a_cancelled_scope_of_the_code_inside_a_cancelled_one_of_the_host_is_the_hosts() -> (
    None
):
    async def code() -> None:
        with anyio.CancelScope() as own:
            own.cancel()
            outer.cancel()
            await anyio.sleep_forever()
        await anyio.sleep_forever()

    with anyio.CancelScope() as outer:
        await verdict(code)

    assert verdicts == [True]


async def test_a_cancellation_that_the_code_makes_up_is_its_own() -> None:
    with pytest.raises(anyio.get_cancelled_exc_class()):
        await verdict(raise_cancellation_of_its_own)

    assert verdicts == [False]


async def test_it_is_the_codes_own_after_an_earlier_scope_was_cancelled_and_left() -> None:
    with anyio.move_on_after(0.001):
        await anyio.sleep_forever()

    with pytest.raises(anyio.get_cancelled_exc_class()):
        await verdict(raise_cancellation_of_its_own)

    assert verdicts == [False]


async def test_a_function_in_a_thread_that_notices_the_hosts_cancellation_is_not_at_fault() -> None:
    def blocking() -> None:
        while True:
            anyio.from_thread.check_cancelled()
            anyio.from_thread.run_sync(lambda: None)

    # anyio 4.12 lets its own exception out of the scope here.
    with suppress(anyio.get_cancelled_exc_class()), anyio.move_on_after(0.01):
        await verdict(lambda: anyio.to_thread.run_sync(blocking))

    assert verdicts == [True]


@asyncio_only
async def test_a_task_that_asyncio_cancels_is_the_hosts() -> None:
    task = asyncio.create_task(verdict(anyio.sleep_forever))
    await asyncio.sleep(0)

    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert verdicts == [True]


@asyncio_only
async def test_a_timeout_of_asyncio_around_the_code_is_the_hosts() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await verdict(anyio.sleep_forever)

    assert verdicts == [True]


@asyncio_only
async def test_awaiting_a_task_that_was_cancelled_is_the_codes_own() -> None:
    with pytest.raises(asyncio.CancelledError):
        await verdict(await_a_cancelled_task)

    assert verdicts == [False]


@asyncio_only
async def test_a_timeout_of_the_code_that_has_ended_leaves_no_trace() -> None:
    async def code() -> None:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.sleep(60)
        except TimeoutError:
            await await_a_cancelled_task()

    with pytest.raises(asyncio.CancelledError):
        await verdict(code)

    assert verdicts == [False]


@asyncio_only
async def test_outside_a_task_there_is_no_host_to_cancel() -> None:
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    asyncio.get_running_loop().call_soon(
        lambda: answer.set_result(host_cancelled(asyncio.CancelledError()))
    )

    assert await answer is False


def test_outside_a_loop_there_is_no_host_to_cancel() -> None:
    assert host_cancelled(asyncio.CancelledError()) is False
    assert host_cancelled(ValueError()) is False


def test_a_cancellation_of_a_thread_pool_is_an_error_like_others() -> None:
    assert is_fault(concurrent.futures.CancelledError())


@trio_only
async def test_trios_cancellations_in_a_group_are_the_hosts_when_nothing_else_is_there() -> None:
    async def code() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)
            await trio.sleep_forever()

    with trio.move_on_after(0.01):
        await verdict(code)

    assert verdicts == [True]


async def test_a_group_with_an_error_beside_cancellations_is_a_fault() -> None:
    async def fails_when_cancelled() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise ValueError("while leaving")

    async def code() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            group.start_soon(fails_when_cancelled)

    with pytest.raises(ExceptionGroup), anyio.move_on_after(0.01):
        await verdict(code)

    assert verdicts == [False]


async def test_a_group_nested_too_deep_for_recursion_is_still_judged() -> None:
    error: Exception = ValueError("at the bottom")
    for _ in range(sys.getrecursionlimit() * 2):
        error = ExceptionGroup("deeper", [error])

    assert not host_cancelled(error)

    while isinstance(error, ExceptionGroup):  # unwound by hand: freeing it at once recurses in C
        error = error.exceptions[0]


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, BaseException])
async def test_everything_else_is_a_fault(kind) -> None:
    assert is_fault(kind("boom"))
    assert not is_fault(GeneratorExit())
    assert on_asyncio() or not host_cancelled(kind("boom"))
