"""A subscriber that is too slow: who waits, how long, and what is counted."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.errors import InvalidEvent, MailboxFull
from marty_chassis.events import Subscription

from .house import Gate, House, Plugin


@pytest.fixture
def house() -> House:
    return House(mailbox=2, publish_timeout=0.02)


async def stuck(plugin: Plugin, **options: Any) -> tuple[Gate, Subscription]:
    """A subscriber whose mailbox is full, with a handler that stands still."""
    gate = Gate()
    subscription = plugin.events.subscribe("a", gate, **options)
    for number in range(subscription.mailbox.size + 1):
        await plugin.events.publish("a", number)
        await gate.reached()
    assert subscription.waiting == subscription.mailbox.size
    return gate, subscription


async def test_a_publisher_waits_for_room(house: House) -> None:
    gate, subscription = await stuck(house.plugin("audit"))

    async with anyio.create_task_group() as publishers:
        publishers.start_soon(open_soon, gate)
        await house.bus.publish("a", "late", source="x", seconds=1)

    await house.settle()
    assert gate.seen == [0, 1, 2, "late"]
    assert subscription.stats().delivered == 4


async def test_publishers_get_room_in_the_order_in_which_they_came(house: House) -> None:
    gate, _ = await stuck(house.plugin("audit"))

    async with anyio.create_task_group() as publishers:

        async def publish(number: int) -> None:
            await house.bus.publish("a", number, source="x", seconds=1)

        for number in range(10, 16):
            publishers.start_soon(publish, number)
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
        gate.opened.set()

    await house.settle()
    assert gate.seen == [0, 1, 2, *range(10, 16)]


async def test_a_publisher_that_finds_no_room_in_time_learns_whose_mailbox_is_full(
    house: House,
) -> None:
    gate, _ = await stuck(house.plugin("audit"))
    others = house.plugin("mailer").noting("a")

    with pytest.raises(MailboxFull) as raised:
        await house.bus.publish("a", "late", source="x")

    assert raised.value.subscribers == (("audit", "a"),)
    assert str(raised.value) == (
        "the mailbox of 'audit' (a) had no room for 'a' within 0.02 s: 2 events wait there. Its"
        " handler is too slow or hangs; make it faster, or subscribe it with when_full='drop', or"
        " raise events.mailbox."
    )
    gate.opened.set()
    await house.settle()
    assert gate.seen == [0, 1, 2]
    assert others == ["late"]


async def test_a_publisher_that_is_cancelled_while_it_waits_takes_its_event_along(
    house: House,
) -> None:
    gate, subscription = await stuck(house.plugin("audit"))

    with anyio.move_on_after(0.01):
        await house.bus.publish("a", "never", source="x", seconds=1)

    gate.opened.set()
    await house.settle()
    assert gate.seen == [0, 1, 2]
    assert house.manager.current.lease.count == 0
    assert subscription.dropped == 0


async def test_a_subscriber_may_rather_lose_events_than_stop_publishers(house: House) -> None:
    gate, subscription = await stuck(house.plugin("tracing"), when_full="drop")

    await house.bus.publish("a", "lost", source="x", wait=False)
    await house.bus.publish("a", "lost too", source="x", wait=False)

    assert subscription.stats().dropped == 2
    gate.opened.set()
    await house.settle()
    assert gate.seen == [0, 1, 2]


async def test_an_event_that_all_have_dropped_is_not_waited_for(house: House) -> None:
    gate, _ = await stuck(house.plugin("tracing"), when_full="drop")

    await house.bus.publish("a", "lost", source="x", wait=True, seconds=0.5)

    gate.opened.set()


async def test_a_handler_that_publishes_into_a_full_mailbox_is_told_at_once(house: House) -> None:
    plugin, errors = house.plugin("audit"), []
    others = house.plugin("mailer").noting("a", mailbox=1000)

    async def echo(event_data: int) -> None:
        # Its own mailbox: waiting for room would be waiting for itself.
        try:
            for number in range(5):
                await plugin.events.publish("a", number)
        except MailboxFull as error:
            errors.append(error)

    subscription = plugin.events.subscribe("a", echo)
    with anyio.fail_after(1):
        await house.bus.publish("a", 0, source="x")
        while not errors:
            await anyio.lowlevel.checkpoint()

    plugin.events.unsubscribe(subscription)
    await house.settle()
    assert errors[0].seconds == 0
    assert "has no room for 'a', and a publish from inside a handler never waits" in str(errors[0])
    assert others.count(2) >= 1
    assert house.manager.current.lease.count == 0


async def test_a_subscription_has_a_mailbox_of_the_size_it_asks_for(house: House) -> None:
    plugin = house.plugin("audit")

    sizes = [
        plugin.events.subscribe("a", print_nothing).mailbox.size,
        plugin.events.subscribe("a", print_nothing, mailbox=7).mailbox.size,
    ]

    assert sizes == [2, 7]


def print_nothing(event_data: object) -> None: ...


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mailbox": 0}, "a mailbox of 0 cannot be used. It holds a whole number of events"),
        ({"mailbox": 1.5}, "a mailbox of 1.5 cannot be used."),
        ({"when_full": "burst"}, "when_full = 'burst' cannot be used. Use 'wait' or 'drop'."),
    ],
    ids=["none", "half", "burst"],
)
async def test_a_mailbox_that_cannot_be_is_refused(
    house: House, options: dict[str, Any], words: str
) -> None:
    plugin = house.plugin("audit")

    with pytest.raises(InvalidEvent) as raised:
        plugin.events.subscribe("a", print_nothing, **options)

    assert words in str(raised.value)
    assert plugin.ledger.entries == []


async def open_soon(gate: Gate) -> None:
    await anyio.lowlevel.checkpoint()
    gate.opened.set()
