"""Events and generations: requests keep theirs, draining waits, staged plugins hear nothing."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.errors import EventError

from .house import Gate, House, Plugin


async def test_a_staged_plugin_gets_no_events_not_even_its_own(house: House) -> None:
    plugin, neighbour = house.plugin("audit", staged=True), house.plugin("mailer").noting("a")
    notes = plugin.noting("a")

    await plugin.events.publish("a", "staged")
    plugin.registrations.publish()
    await plugin.events.publish("a", "visible")
    await house.settle()

    assert notes == ["visible"]
    assert neighbour == ["staged", "visible"]


async def test_a_request_reaches_those_who_were_there_when_it_began(house: House) -> None:
    old = house.plugin("audit")
    before = old.noting("a")

    with house.manager.selector.pin():
        new = house.plugin("audit", staged=True)
        after = new.noting("a")
        new.registrations.publish()
        await house.bus.publish("a", "in the request", source="x")
    await house.bus.publish("a", "later", source="x")
    await house.settle()

    assert before == ["in the request"]
    assert after == ["later"]


async def test_a_handler_works_in_the_current_generation_whatever_its_publisher_had_pinned(
    house: House,
) -> None:
    seen: list[Any] = []

    async def handler(event_data: Any) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(house.manager.selector.pinned())

    house.plugin("audit").events.subscribe("a", handler)

    with house.manager.selector.pin() as pinned:
        await house.bus.publish("a", source="x")
        house.plugin("other")
    await house.settle()

    assert seen == [house.manager.current]
    assert seen != [pinned]


async def test_a_chain_of_events_goes_on_in_the_next_generation_of_its_plugin(
    house: House,
) -> None:
    runs: list[str] = []

    def plugin(name: str) -> Plugin:
        staged = house.plugin("ticker", staged=True)

        async def tick(event_data: Any) -> None:
            runs.append(name)
            await anyio.lowlevel.checkpoint()
            await staged.events.publish("tick")

        staged.events.subscribe("tick", tick)
        return staged

    plugin("old").registrations.publish()
    old = house.manager.current.contributions["ticker"]
    await house.bus.publish("tick", source="x")
    while len(runs) < 3:
        await anyio.lowlevel.checkpoint()

    following = plugin("new")
    following.registrations.publish()

    assert await house.manager.selector.drained(old, 1)
    while runs[-1] == "old":
        await anyio.lowlevel.checkpoint()
    following.ledger.undo()
    assert runs == sorted(runs, reverse=True)
    assert await house.bus.drain(1)


async def test_a_plugin_that_leaves_is_drained_when_its_mailboxes_are_empty(house: House) -> None:
    plugin, gate = house.plugin("audit"), Gate()
    plugin.events.subscribe("a", gate)
    for number in range(3):
        await house.bus.publish("a", number, source="x")
    withdrawn = plugin.registrations.withdraw()
    assert withdrawn is not None

    early = await house.manager.selector.drained(withdrawn, 0.02)
    gate.opened.set()
    late = await house.manager.selector.drained(withdrawn, 1)

    assert (early, late) == (False, True)
    assert gate.seen == [0, 1, 2]


async def test_a_reload_under_load_loses_no_event_and_doubles_none(house: House) -> None:
    seen: list[int] = []
    running = house.plugin("audit")
    running.noting("a", seen)

    async def publish() -> None:
        for number in range(300):
            await house.bus.publish("a", number, source="x")
            if not number % 7:
                await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as load:
        load.start_soon(publish)
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
            following = house.plugin("audit", staged=True)
            following.noting("a", seen)
            old = house.manager.current.contributions["audit"]
            following.registrations.publish()
            assert await house.manager.selector.drained(old, 1)
            running.ledger.undo()
            running = following
    await house.settle()

    assert sorted(seen) == list(range(300))


async def test_who_unsubscribes_still_handles_what_was_accepted(house: House) -> None:
    plugin, gate = house.plugin("audit"), Gate()
    subscription = plugin.events.subscribe("a", gate)
    for number in range(3):
        await house.bus.publish("a", number, source="x")

    plugin.events.unsubscribe(subscription)
    plugin.events.unsubscribe(subscription)
    await house.bus.publish("a", "too late", source="x")
    assert len(plugin.ledger.entries) == 1
    gate.opened.set()

    assert await subscription.drain(1)
    assert gate.seen == [0, 1, 2]
    assert plugin.ledger.entries == []


async def test_who_unsubscribes_at_rest_leaves_nothing_in_the_ledger(house: House) -> None:
    plugin = house.plugin("audit")
    subscription = plugin.events.subscribe("a", [].append)

    plugin.events.unsubscribe(subscription)

    assert plugin.ledger.entries == []
    assert house.bus.stats() == []


async def test_nobody_ends_the_subscription_of_another_plugin(house: House) -> None:
    subscription = house.plugin("audit").events.subscribe("a", [].append)

    with pytest.raises(EventError, match=r"cannot be ended by 'mailer'\. Only who"):
        house.plugin("mailer").events.unsubscribe(subscription)


async def test_each_subscription_has_a_key_of_its_own_over_all_generations(house: House) -> None:
    old, new = house.plugin("audit"), house.plugin("audit", staged=True)

    for plugin in (old, new):
        plugin.noting("a")
        plugin.noting("a")

    assert len({*old.ledger.ids, *new.ledger.ids}) == 4
