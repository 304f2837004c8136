"""A clean stop loses nothing; one that is not clean counts what it loses."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from .house import Gate, House


async def test_draining_the_bus_waits_for_what_handlers_publish_meanwhile(house: House) -> None:
    plugin = house.plugin("audit")
    notes = plugin.noting("third")

    async def passing_on(event_type: str, event_data: Any) -> None:
        await anyio.sleep(0.001)
        following = {"first": "second", "second": "third"}[event_type]
        await plugin.events.publish(following, event_data)

    plugin.events.subscribe("first", passing_on)
    plugin.events.subscribe("second", passing_on)
    await house.bus.publish("first", 1, source="x")

    assert await house.bus.drain(1)
    assert notes == [1]


async def test_draining_gives_up_when_time_is_up(house: House) -> None:
    plugin, gate = house.plugin("audit"), Gate()
    subscription = plugin.events.subscribe("a", gate)
    await house.bus.publish("a", 1, source="x")

    assert not await house.bus.drain(0.01)
    assert not await subscription.drain(0.01)
    assert not await plugin.events.drain(0.01)

    gate.opened.set()
    assert await plugin.events.drain(1)
    assert await house.bus.drain(0)
    assert gate.seen == [1]


async def test_a_plugins_own_drain_waits_for_what_it_has_unsubscribed_too(house: House) -> None:
    plugin, notes = house.plugin("audit"), []

    async def slow(event_data: int) -> None:
        await anyio.sleep(0.002)
        notes.append(event_data)

    subscription = plugin.events.subscribe("a", slow)
    await house.bus.publish("a", 1, source="x")
    await house.bus.publish("a", 2, source="x")
    plugin.events.unsubscribe(subscription)

    assert await plugin.events.drain(1)
    assert notes == [1, 2]


async def test_a_stop_drops_and_counts_what_is_left_and_ends_the_handler(house: House) -> None:
    plugin, gate = house.plugin("audit"), Gate()
    subscription = plugin.events.subscribe("a", gate)
    for number in range(3):
        await house.bus.publish("a", number, source="x")
    await gate.reached()

    plugin.ledger.undo()

    assert await house.bus.drain(1)
    assert gate.seen == []
    assert subscription.dropped == 2
    assert house.manager.faults.count("audit") == 0
    assert house.manager.current.lease.count == 0
    assert house.bus.stats() == []


async def test_a_publisher_that_waits_for_room_is_not_left_waiting_by_a_stop(house: House) -> None:
    plugin, gate = house.plugin("audit"), Gate()
    subscription = plugin.events.subscribe("a", gate, mailbox=1)
    await house.bus.publish("a", 1, source="x")
    await gate.reached()
    await house.bus.publish("a", 2, source="x")

    async with anyio.create_task_group() as publishers:
        publishers.start_soon(lambda: house.bus.publish("a", 3, source="x", wait=True, seconds=1))
        await anyio.sleep(0.005)
        plugin.ledger.undo()

    assert subscription.dropped == 2
    assert gate.seen == []


async def test_who_still_reaches_a_subscriber_that_has_stopped_loses_the_event(
    house: House,
) -> None:
    plugin = house.plugin("audit")
    notes = plugin.noting("a")
    subscription = plugin.events.subscriptions[0]

    with house.manager.selector.pin():
        plugin.ledger.undo()
        await house.bus.publish("a", 1, source="x", wait=True)

    assert notes == []
    assert subscription.dropped == 1


async def test_a_handler_that_will_not_leave_is_named(house: House) -> None:
    plugin, left = house.plugin("audit"), anyio.Event()
    entered = anyio.Event()

    async def deaf(event_data: Any) -> None:
        entered.set()
        with anyio.CancelScope(shield=True):
            while not left.is_set():
                # trio is held off by the shield, asyncio by this.
                with suppress(anyio.get_cancelled_exc_class()):
                    await left.wait()

    plugin.events.subscribe("a", deaf)
    await house.bus.publish("a", 1, source="x")
    await entered.wait()

    plugin.ledger.undo()
    await anyio.lowlevel.checkpoint()

    assert house.manager.failures.strays.names() == ("audit events:a",)
    left.set()
    assert await house.bus.drain(1)
    assert len(house.manager.failures.strays) == 0


def test_what_an_event_loop_left_behind_is_handled_in_the_next(anyio_backend: str) -> None:
    house = House()
    plugin, seen = house.plugin("audit"), []
    hang = True

    async def handler(event_data: int) -> None:
        if hang:
            await anyio.sleep_forever()
        seen.append(event_data)

    subscription = plugin.events.subscribe("a", handler)

    async def first() -> None:
        for number in range(3):
            await house.bus.publish("a", number, source="x")
        await anyio.sleep(0.001)

    anyio.run(first, backend=anyio_backend)
    hang = False
    # The one in hand is lost with its loop; the others wait.
    assert subscription.waiting == 2
    assert not house.bus._busy

    async def second() -> None:
        await house.bus.publish("a", 3, source="x")
        assert await subscription.drain(1)

    anyio.run(second, backend=anyio_backend)
    assert seen == [1, 2, 3]
    assert house.manager.current.lease.count == 0


def test_a_mailbox_that_is_drained_in_another_event_loop_is_drained(
    anyio_backend: str,
) -> None:
    house = House()
    notes: list[Any] = []
    subscription = house.plugin("audit").events.subscribe("a", notes.append)

    async def publish() -> None:
        await house.bus.publish("a", 1, source="x")

    async def drain() -> None:
        assert await subscription.drain(1)

    # The loop ends before the consumer has begun.
    anyio.run(publish, backend=anyio_backend)
    anyio.run(drain, backend=anyio_backend)

    assert notes == [1]


@pytest.mark.parametrize("events", [250])
async def test_a_long_queue_lets_others_have_their_turn(house: House, events: int) -> None:
    notes = house.plugin("audit").noting("a")
    for number in range(events):
        await house.bus.publish("a", number, source="x")

    await anyio.lowlevel.checkpoint()
    await anyio.lowlevel.checkpoint()
    halfway = len(notes)
    await house.settle()

    assert halfway < len(notes) == events
