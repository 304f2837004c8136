"""Orders: what one worker does, all do, one order at a time."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.errors import PluginBusy
from marty_chassis.web.workers import Order, WorkerResult

from .conftest import Employ


async def test_an_order_reaches_every_worker_and_each_says_what_became_of_it(
    employ: Employ,
) -> None:
    one, two, three = await employ(11), await employ(12), await employ(13)

    results = await two.order("mailer")

    assert [(result.pid, result.ok) for result in results] == [(12, True), (11, True), (13, True)]
    assert one.hand.done == two.hand.done == three.hand.done == ["reload mailer"]
    assert one.pids == (11, 12, 13)


async def test_a_worker_that_is_alone_is_only_asked_itself(employ: Employ) -> None:
    worker = await employ(11, MARTY_WORKERS_KEY="")

    results = await worker.order()

    assert worker.alone
    assert [result.pid for result in results] == [11]


async def test_what_failed_in_the_first_worker_bothers_nobody_else(employ: Employ) -> None:
    one, two = await employ(11), await employ(12)

    async def roll_back(order: Order) -> WorkerResult:
        return WorkerResult(pid=11, ok=False, rolled_back=True, reason="a syntax error")

    one.hand.act = roll_back
    results = await one.order()

    assert [result.reason for result in results] == ["a syntax error"]
    assert two.hand.done == []


async def test_what_was_raised_in_the_first_worker_is_raised_and_bothers_nobody_else(
    employ: Employ,
) -> None:
    one, two = await employ(11), await employ(12)

    async def refuse(order: Order) -> WorkerResult:
        raise PluginBusy("mailer", "stopping")

    one.hand.act = refuse
    with pytest.raises(PluginBusy, match="stopping"):
        await one.order()

    one.hand.act = two.hand.act
    assert len(await one.order()) == 2


async def test_what_failed_in_another_worker_is_said(employ: Employ, log: list[str]) -> None:
    one, two = await employ(11), await employ(12)

    async def roll_back(order: Order) -> WorkerResult:
        return WorkerResult(pid=12, ok=False, rolled_back=True, reason="no memory")

    two.hand.act = roll_back
    results = await one.order()

    assert [(result.pid, result.ok, result.reason) for result in results] == [
        (11, True, ""),
        (12, False, "no memory"),
    ]
    assert "WARNING reload: worker 12 is not as this one is: no memory" in log


async def test_a_worker_that_does_not_answer_is_named(employ: Employ) -> None:
    one, two = await employ(11, patience=0.1), await employ(12)

    async def sleep(order: Order) -> WorkerResult:
        await anyio.sleep_forever()
        raise AssertionError

    two.hand.act = sleep
    results = await one.order()

    assert [(result.pid, result.ok) for result in results] == [(11, True), (12, False)]
    assert results[1].reason == "It has not answered within 0.1 s."


async def test_a_worker_that_ends_meanwhile_is_not_waited_for(employ: Employ) -> None:
    one, two = await employ(11, patience=30), await employ(12)

    async def leave(order: Order) -> WorkerResult:
        await anyio.sleep_forever()
        raise AssertionError

    two.hand.act = leave
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:

            async def end() -> None:
                while not two.hand.done:
                    await anyio.sleep(0.01)
                await two.close()

            group.start_soon(end)
            results = await one.order()

    assert results[1].reason.startswith("It has ended;")


async def test_two_orders_at_once_are_carried_out_in_one_sequence_everywhere(
    employ: Employ,
) -> None:
    workers = [await employ(pid) for pid in (11, 12, 13)]

    async with anyio.create_task_group() as group:
        for number, worker in enumerate(workers):
            group.start_soon(worker.order, f"plugin-{number}")

    sequences = {tuple(worker.hand.done) for worker in workers}
    assert len(sequences) == 1
    assert sorted(*sequences) == ["reload plugin-0", "reload plugin-1", "reload plugin-2"]
    assert {worker.number for worker in workers} == {3}


async def test_a_plugin_that_another_worker_moves_is_busy(employ: Employ) -> None:
    one, two = await employ(11), await employ(12)
    inside, go = anyio.Event(), anyio.Event()

    async def slow(order: Order) -> WorkerResult:
        inside.set()
        await go.wait()
        return WorkerResult(pid=12, ok=True)

    two.hand.act = slow
    async with anyio.create_task_group() as group:
        group.start_soon(one.order)
        await inside.wait()

        for worker in (one, two):
            with pytest.raises(PluginBusy, match="worker 11 was asked to reload it"):
                await worker.order("Mailer")
        go.set()

    assert len(await two.order()) == 2


async def test_an_order_that_waits_too_long_for_its_turn_is_refused(employ: Employ) -> None:
    one, two = await employ(11), await employ(12, patience=0.1)
    go = anyio.Event()

    async def slow(order: Order) -> WorkerResult:
        await go.wait()
        return WorkerResult(pid=11, ok=True)

    one.hand.act = slow
    async with anyio.create_task_group() as group:
        group.start_soon(one.order)
        await anyio.sleep(0.05)
        with pytest.raises(PluginBusy, match="another worker gives"):
            await two.order("letters")
        go.set()


async def test_an_order_goes_on_when_who_asked_is_cancelled(employ: Employ) -> None:
    one, two = await employ(11), await employ(12)
    inside, go = anyio.Event(), anyio.Event()

    async def slow(order: Order) -> WorkerResult:
        inside.set()
        await go.wait()
        return WorkerResult(pid=11, ok=True)

    one.hand.act = slow
    async with anyio.create_task_group() as group:
        group.start_soon(one.order)
        await inside.wait()
        group.cancel_scope.cancel()
    go.set()

    with anyio.fail_after(5):
        while not two.hand.done:
            await anyio.sleep(0.01)


async def test_orders_that_come_while_plugins_start_are_carried_out_afterwards(
    employ: Employ,
) -> None:
    one, two = await employ(11), await employ(12, begin=False)

    async with anyio.create_task_group() as group:
        group.start_soon(one.order)
        await anyio.sleep(0.05)
        before = list(two.hand.done)
        await two.begin()

    assert before == []
    assert two.hand.done == ["reload mailer"]
