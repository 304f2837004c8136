"""A call with a deadline, which its caller survives whatever the code does."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.boundary import Strays, bounded
from marty_chassis.errors import DeadlineExceeded

from .foreign import Deaf, await_a_cancelled_task, raise_cancellation_of_its_own, until

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


async def test_an_answer_in_time_is_given() -> None:
    strays = Strays()

    async def code() -> int:
        await anyio.sleep(0.001)
        return 42

    assert await bounded(code, 1, "x", strays=strays) == 42
    assert len(strays) == 0


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
async def test_what_the_code_raises_is_raised(kind) -> None:
    async def code() -> None:
        raise kind("boom")

    with pytest.raises(kind, match="boom"):
        await bounded(code, 1, "x", strays=Strays())


@pytest.mark.parametrize("seconds", [0.005, 0, -1])
async def test_code_that_leaves_at_the_deadline_is_no_stray(seconds: float) -> None:
    strays = Strays()
    left: list[bool] = []

    async def code() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            left.append(True)

    with pytest.raises(DeadlineExceeded) as raised:
        await bounded(code, seconds, "metrics.collect of x", strays=strays)

    assert (raised.value.name, raised.value.seconds, raised.value.left) == (
        "metrics.collect of x",
        seconds,
        True,
    )
    assert str(raised.value) == (
        f"metrics.collect of x had no answer within {seconds:g} s. It was cancelled and has left."
    )
    assert len(left) == 1
    assert len(strays) == 0


async def test_code_that_answers_instead_of_leaving_is_too_late() -> None:
    async def code() -> str:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            pass
        return "too late"

    with pytest.raises(DeadlineExceeded) as raised:
        await bounded(code, 0.005, "x", strays=Strays())

    assert raised.value.left


async def test_code_that_swallows_cancellation_is_left_behind_and_named_until_it_ends() -> None:
    strays = Strays()

    with Deaf() as deaf:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded, match="left behind") as raised:
            await bounded(deaf, 0.01, "a deaf one", strays=strays, grace=0.02)
        took = time.monotonic() - began

        assert not raised.value.left
        assert 0.02 < took < 2
        assert deaf.told > 0
        assert strays.names() == ("a deaf one",)
        assert [task.name for task in strays] == ["a deaf one"]
        assert repr(strays) == "<Strays a deaf one>"

    await until(lambda: len(strays) == 0)
    assert deaf.ended
    assert repr(strays) == "<Strays none>"


@asyncio_only
async def test_a_stray_is_kept_from_the_garbage_collector() -> None:
    strays = Strays()

    async def code() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        # Nobody else knows what it waits for, so that asyncio alone would lose it.
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlineExceeded):
        await bounded(code, 0.005, "x", strays=strays, grace=0.005)
    gc.collect()
    await asyncio.sleep(0)

    assert strays.names() == ("x",)
    for stray in strays:
        stray.cancel()
        assert await stray.wait(1)
    assert strays.names() == ()


async def test_a_caller_that_is_cancelled_takes_the_code_along() -> None:
    strays = Strays()
    left: list[bool] = []

    async def code() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            left.append(True)

    with anyio.move_on_after(0.005) as scope:
        await bounded(code, 60, "x", strays=strays)

    assert scope.cancelled_caught
    assert left == [True]
    assert len(strays) == 0


async def test_a_caller_that_is_cancelled_gives_the_code_its_grace_and_no_more() -> None:
    strays = Strays()

    with Deaf() as deaf:
        began = time.monotonic()
        with anyio.move_on_after(0.01) as scope:
            await bounded(deaf, 60, "a deaf one", strays=strays, grace=0.02)
        took = time.monotonic() - began

        assert scope.cancelled_caught
        assert 0.02 < took < 2
        assert strays.names() == ("a deaf one",)

    await until(lambda: len(strays) == 0)


async def test_a_caller_cancelled_during_the_grace_of_a_deadline_is_cancelled_after_it() -> None:
    strays = Strays()

    with Deaf() as deaf:
        with anyio.move_on_after(0.01) as scope:
            try:
                await bounded(deaf, 0.001, "x", strays=strays, grace=0.03)
            except DeadlineExceeded:
                await anyio.lowlevel.checkpoint()

        assert scope.cancelled_caught
        assert strays.names() == ("x",)

    await until(lambda: len(strays) == 0)


@asyncio_only
async def test_a_caller_cancelled_twice_by_asyncio_leaves_at_once() -> None:
    strays = Strays()

    with Deaf() as deaf:
        caller = asyncio.create_task(bounded(deaf, 60, "x", strays=strays, grace=60))
        await asyncio.sleep(0.005)
        caller.cancel()
        await asyncio.sleep(0.005)
        assert not caller.done()
        caller.cancel()
        await asyncio.wait([caller], timeout=1)

        assert caller.cancelled()
        assert strays.names() == ("x",)

    await until(lambda: len(strays) == 0)


async def test_a_caller_that_is_closed_leaves_the_code_to_the_strays() -> None:
    # A coroutine stepped by hand may be closed while it waits.
    strays = Strays()
    with Deaf() as deaf:
        waiting = bounded(deaf, None, "x", strays=strays)  # type: ignore[arg-type]
        steps = waiting.__await__()
        next(steps)

        waiting.close()

        assert strays.names() == ("x",)
    await until(lambda: len(strays) == 0)


async def test_a_cancellation_made_up_by_the_code_does_not_cancel_the_caller() -> None:
    with pytest.raises(anyio.get_cancelled_exc_class()), anyio.CancelScope() as scope:
        await bounded(raise_cancellation_of_its_own, 1, "x", strays=Strays())

    assert not scope.cancelled_caught
    await anyio.lowlevel.checkpoint()


@asyncio_only
async def test_a_cancelled_task_that_the_code_awaits_does_not_cancel_the_caller() -> None:
    with pytest.raises(asyncio.CancelledError):
        await bounded(await_a_cancelled_task, 1, "x", strays=Strays())

    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_deadlines_of_many_calls_end_together() -> None:
    strays = Strays()
    late: list[str] = []

    async def call(name: str) -> None:
        try:
            await bounded(anyio.sleep_forever, 0.02, name, strays=strays)
        except DeadlineExceeded as error:
            late.append(error.name)

    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(call, str(number))

    assert len(late) == 50


class Local:
    """Something that failing code holds."""


async def fails(seen: list[weakref.ref[object]]) -> None:
    local = Local()
    seen.append(weakref.ref(local))
    raise ValueError("boom")


async def is_late(seen: list[weakref.ref[object]]) -> None:
    local = Local()
    seen.append(weakref.ref(local))
    await anyio.sleep_forever()


@pytest.mark.parametrize("code", [fails, is_late])
async def test_nothing_of_the_code_is_kept(code: Callable[..., object]) -> None:
    seen: list[weakref.ref[object]] = []
    strays = Strays()
    gc.disable()
    try:
        with suppress(ValueError, DeadlineExceeded):
            await bounded(lambda: code(seen), 0.005, "x", strays=strays)  # type: ignore[arg-type, return-value]
        await anyio.lowlevel.checkpoint()
        alive = [ref() for ref in seen]
    finally:
        gc.enable()

    assert alive == [None]


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})], ids=["uvloop"])
@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run there")
async def test_uvloop_is_no_exception(anyio_backend: object) -> None:
    pytest.importorskip("uvloop")
    strays = Strays()

    async def code() -> str:
        await anyio.sleep(0.001)
        return "yes"

    assert await bounded(code, float("inf"), "x", strays=strays) == "yes"
    with Deaf() as deaf:
        with pytest.raises(DeadlineExceeded):
            await bounded(deaf, 0.005, "deaf", strays=strays, grace=0.005)
        assert strays.names() == ("deaf",)
    await until(lambda: len(strays) == 0)
