"""A turn: who waits for it runs, as itself, before the one who gave it goes on."""

from __future__ import annotations

from contextvars import ContextVar

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.boundary import Outcome, Turn, spawn

COLOUR: ContextVar[str] = ContextVar("colour", default="none")


async def test_a_turn_brings_its_value() -> None:
    turn: Turn[str] = Turn()
    got: list[str] = []

    async def waiting() -> None:
        got.append(await turn.wait())

    task = spawn(waiting, name="waiting")
    await anyio.lowlevel.checkpoint()
    turn.set("now")
    await task.wait(1)

    assert got == ["now"]
    assert not turn.set("later")


async def test_on_asyncio_who_waits_goes_on_before_set_returns(anyio_backend: str) -> None:
    turn: Turn[None] = Turn()
    happened: list[str] = []

    async def waiting() -> None:
        await turn.wait()
        happened.append("waiter")

    task = spawn(waiting, name="waiting")
    while not turn._waiters:
        await anyio.lowlevel.checkpoint()
    turn.set(None)
    happened.append("giver")
    await task.wait(1)

    assert happened == (["waiter", "giver"] if anyio_backend == "asyncio" else ["giver", "waiter"])


async def test_who_goes_on_has_its_own_task_context_and_scopes() -> None:
    turn: Turn[None] = Turn()
    seen: list[object] = []

    async def waiting() -> None:
        token = COLOUR.set("red")
        before = anyio.get_current_task()
        with anyio.fail_after(1):
            await turn.wait()
        seen.append(anyio.get_current_task() == before)
        seen.append(COLOUR.get())
        COLOUR.reset(token)

    task = spawn(waiting, name="waiting")
    while not turn._waiters:
        await anyio.lowlevel.checkpoint()
    mine = anyio.get_current_task()
    with anyio.fail_after(1):
        COLOUR.set("blue")
        turn.set(None)
        assert anyio.get_current_task() == mine
        await task.wait(1)

    assert seen == [True, "red"]
    assert COLOUR.get() == "blue"
    task.result()


async def test_what_waits_further_is_resumed_by_the_loop() -> None:
    turn: Turn[None] = Turn()
    happened: list[str] = []

    async def waiting() -> None:
        await turn.wait()
        happened.append("turn")
        await anyio.sleep(0.001)
        happened.append("slept")

    task = spawn(waiting, name="waiting")
    while not turn._waiters:
        await anyio.lowlevel.checkpoint()
    turn.set(None)
    await task.wait(1)

    assert happened == ["turn", "slept"]


async def test_an_error_of_who_goes_on_stays_in_its_task() -> None:
    turn: Turn[None] = Turn()

    async def waiting() -> None:
        await turn.wait()
        raise ValueError("mine")

    task = spawn(waiting, name="waiting")
    while not turn._waiters:
        await anyio.lowlevel.checkpoint()
    turn.set(None)
    await task.wait(1)

    with pytest.raises(ValueError, match="mine"):
        task.result()


async def test_who_waits_can_be_cancelled_and_is_not_run_afterwards() -> None:
    turn: Turn[None] = Turn()
    happened: list[str] = []

    async def waiting() -> None:
        await turn.wait()
        happened.append("ran")

    task = spawn(waiting, name="waiting")
    while not turn._waiters:
        await anyio.lowlevel.checkpoint()
    task.cancel()
    turn.set(None)
    await task.wait(1)

    # Which of the two came first is the backend's; that it ran twice, or never ended, is nobody's.
    assert task.outcome in (Outcome.CANCELLED, Outcome.RETURNED)
    assert len(happened) <= 1


async def test_several_that_wait_all_go_on() -> None:
    turn: Turn[int] = Turn()
    got: list[int] = []

    async def waiting() -> None:
        got.append(await turn.wait())

    tasks = [spawn(waiting, name="waiting") for _ in range(3)]
    while len(turn._waiters) < 3:
        await anyio.lowlevel.checkpoint()
    turn.set(7)
    for task in tasks:
        await task.wait(1)

    assert got == [7, 7, 7]


async def test_a_cancellation_by_who_goes_on_stays_in_its_scope() -> None:
    turn: Turn[None] = Turn()
    scope = anyio.CancelScope()

    async def waiting() -> None:
        await turn.wait()
        scope.cancel()

    task = spawn(waiting, name="waiting")
    while not turn._waiters:
        await anyio.lowlevel.checkpoint()
    with scope:
        turn.set(None)
        if turn.cancelled:
            await anyio.lowlevel.checkpoint()

    await task.wait(1)
    await anyio.sleep(0.001)
