"""A detached task: what it gives, what it raises, how it leaves."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from contextvars import ContextVar, copy_context

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.boundary import Detached, Outcome, spawn
from marty_chassis.errors import TaskCancelled

from .foreign import Deaf, await_a_cancelled_task, on_asyncio, raise_cancellation_of_its_own, until

asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])
both_ways = pytest.mark.parametrize("eager", [True, False])


async def double(number: int) -> int:
    await anyio.lowlevel.checkpoint()
    return 2 * number


@both_ways
async def test_it_gives_what_the_function_returns(eager: bool) -> None:
    task = spawn(double, 21, name="doubling", eager=eager)

    ended = await task.wait()

    assert ended
    assert task.done
    assert task.outcome is Outcome.RETURNED
    assert task.result() == 42
    assert repr(task) == "<Detached 'doubling' returned>"


@both_ways
@pytest.mark.parametrize(
    "kind", [ValueError, SystemExit, KeyboardInterrupt, BaseException, GeneratorExit, StopIteration]
)
@pytest.mark.parametrize("suspends", [True, False])
async def test_whatever_it_raises_stays_in_it(eager: bool, kind, suspends: bool) -> None:
    async def code() -> None:
        if suspends:
            await anyio.lowlevel.checkpoint()
        raise kind("boom")

    task = spawn(code, name="x", eager=eager)
    await task.wait()

    assert task.outcome is Outcome.RAISED
    # PEP 479: a coroutine cannot raise StopIteration.
    with pytest.raises(RuntimeError if kind is StopIteration else kind):
        task.result()


async def test_a_function_that_cannot_be_called_or_awaited_has_raised() -> None:
    wrong = [
        spawn(double, name="no argument"),  # type: ignore[arg-type]
        spawn(lambda: 5, name="no coroutine"),  # type: ignore[arg-type, return-value]
    ]

    for task in wrong:
        await task.wait()

        assert isinstance(task.error, TypeError)


async def test_a_cancellation_of_its_own_is_something_it_raised() -> None:
    task = spawn(raise_cancellation_of_its_own, name="x")

    await task.wait()

    assert task.outcome is Outcome.RAISED
    assert isinstance(task.error, anyio.get_cancelled_exc_class())


@asyncio_only
async def test_awaiting_a_cancelled_task_is_something_it_raised() -> None:
    task = spawn(await_a_cancelled_task, name="x", eager=True)

    await task.wait()

    assert task.outcome is Outcome.RAISED


@both_ways
async def test_it_leaves_when_it_is_asked(eager: bool) -> None:
    task = spawn(anyio.sleep_forever, name="sleeper", eager=eager)
    await anyio.wait_all_tasks_blocked()

    task.cancel()
    await task.wait()

    assert task.outcome is Outcome.CANCELLED
    assert task.error is None
    with pytest.raises(TaskCancelled, match="'sleeper' was cancelled"):
        task.result()


@both_ways
async def test_it_leaves_when_it_is_asked_before_it_began(eager: bool) -> None:
    task = spawn(anyio.sleep_forever, name="x", eager=eager)

    task.cancel()
    await task.wait()

    assert task.outcome is Outcome.CANCELLED


@pytest.mark.parametrize("how", ["raises", "returns"])
async def test_how_it_ends_after_being_asked_is_told(how: str) -> None:
    async def code() -> str:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            if how == "raises":
                raise ValueError("while leaving") from None
        return "stayed calm"

    task = spawn(code, name="x")
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    await task.wait()

    if how == "raises":
        assert isinstance(task.error, ValueError)
    else:
        assert task.result() == "stayed calm"


async def test_it_can_be_asked_again() -> None:
    with Deaf() as deaf:
        task = spawn(deaf, name="x")
        await anyio.wait_all_tasks_blocked()

        for _ in range(3):
            before = deaf.told
            task.cancel()
            await until(lambda before=before: deaf.told > before)  # type: ignore[misc]

        assert not task.done
        assert repr(task) == "<Detached 'x' running>"

    await task.wait()
    task.cancel()  # nothing happens
    assert task.result() == "at last"


async def test_nobody_waits_longer_than_wanted() -> None:
    task = spawn(anyio.sleep_forever, name="x")

    assert not await task.wait(0.005)

    task.cancel()
    assert await task.wait(1)
    assert await task.wait(0)


async def test_who_waits_can_be_cancelled_without_harm_to_the_task() -> None:
    may_end = anyio.Event()
    task = spawn(may_end.wait, name="x")

    with anyio.move_on_after(0.005) as scope:
        await task.wait()

    assert scope.cancelled_caught
    assert not task.done
    may_end.set()
    await task.wait()
    assert task.outcome is Outcome.RETURNED


async def test_its_result_is_not_there_before_its_end() -> None:
    task = spawn(double, 1, name="x")

    with pytest.raises(RuntimeError, match="no result yet"):
        task.result()

    await task.wait()


async def test_it_outlives_the_task_that_spawned_it() -> None:
    spawned: list[Detached[int]] = []

    async def spawner() -> None:
        spawned.append(spawn(double, 4, name="x"))

    async with anyio.create_task_group() as group:
        group.start_soon(spawner)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    await spawned[0].wait()

    assert spawned[0].result() == 8


@pytest.mark.parametrize("eager", [True, False])
async def test_it_begins_at_once_where_that_is_possible(eager: bool) -> None:
    began: list[bool] = []

    async def code() -> None:
        began.append(True)

    task = spawn(code, name="x", eager=eager)

    at_once = eager and on_asyncio() and sys.version_info >= (3, 12)
    assert bool(began) is at_once
    assert task.done is at_once
    await task.wait()


variable: ContextVar[str] = ContextVar("variable", default="unset")


@both_ways
async def test_it_has_a_copy_of_the_context_variables(eager: bool) -> None:
    async def code() -> str:
        before = variable.get()
        variable.set("theirs")
        return before

    variable.set("ours")
    task = spawn(code, name="x", eager=eager)
    variable.set("later")
    await task.wait()

    assert task.result() == "ours"
    assert variable.get() == "later"


@both_ways
async def test_it_can_be_given_a_context(eager: bool) -> None:
    async def code() -> None:
        variable.set("theirs")

    context = copy_context()
    task = spawn(code, name="x", eager=eager, context=context)
    await task.wait()

    assert context[variable] == "theirs"


async def test_its_end_is_told_to_watchers_even_if_one_of_them_fails(logged) -> None:
    told: list[str] = []

    def failing(_: object) -> None:
        raise ValueError("a bug of the host")

    task = spawn(double, 1, name="x")
    task.when_ended(failing)
    task.when_ended(lambda task: told.append(task.name))
    await task.wait()
    task.when_ended(lambda task: told.append("late"))

    assert told == ["x", "late"]
    assert "a watcher of task x failed" in logged[0]


@both_ways
async def test_it_and_its_error_vanish_with_their_last_user(eager: bool) -> None:
    class Local:
        """Something that the failing code holds."""

    class Boom(Exception):
        """What it raises; built-in errors know no weak references."""

    async def code(seen: list[weakref.ref[object]]) -> None:
        local = Local()
        seen.append(weakref.ref(local))
        await anyio.lowlevel.checkpoint()
        raise Boom

    seen: list[weakref.ref[object]] = []
    gc.disable()
    try:
        task = spawn(code, seen, name="x", eager=eager)
        await task.wait()
        try:
            task.result()
        except Boom as error:
            seen.append(weakref.ref(error))
        seen.append(weakref.ref(task))
        del task
        # The loop's own step that ended the task is over after the next one.
        await anyio.lowlevel.checkpoint()
        alive = [ref() for ref in seen]
    finally:
        gc.enable()

    assert alive == [None, None, None]


@asyncio_only
async def test_a_task_cancelled_by_the_loops_own_end_has_left(anyio_backend: str) -> None:
    task = spawn(anyio.sleep_forever, name="ours", eager=True)
    await asyncio.sleep(0)

    for each in asyncio.all_tasks():
        if each.get_name() == "ours":
            each.cancel()
    await task.wait()

    assert task.outcome is Outcome.CANCELLED
