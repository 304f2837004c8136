"""What handlers do wrong is theirs: reported with their name, and nobody else's trouble."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from marty_chassis.boundary import Phase

from .house import House


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()], ids=repr)
async def test_a_handler_that_raises_gets_the_next_event_all_the_same(
    house: House, error: BaseException
) -> None:
    plugin, seen = house.plugin("audit"), []

    async def handler(event_data: int) -> None:
        seen.append(event_data)
        if event_data == 1:
            raise error

    subscription = plugin.events.subscribe("user.*", handler)
    for number in range(3):
        await house.bus.publish("user.login", number, source="x")
    await house.settle()

    [fault] = house.manager.faults.recent("audit")
    assert seen == [0, 1, 2]
    assert (fault.phase, fault.hook) == (Phase.HOOK, "events:user.*")
    assert fault.kind == type(error).__name__
    stats = subscription.stats()
    assert (stats.delivered, stats.failed, stats.dropped, stats.waiting) == (2, 1, 0, 0)


async def test_a_publisher_who_waits_does_not_get_what_a_handler_raises(house: House) -> None:
    def handler(event_data: Any) -> None:
        raise ValueError("no")

    house.plugin("audit").events.subscribe("a", handler)
    notes = house.plugin("mailer").noting("a")

    await house.bus.publish("a", 1, source="x", wait=True)

    assert notes == [1]
    assert house.manager.faults.count("audit") == 1


async def test_a_cancellation_that_a_handler_makes_up_is_its_fault(house: House) -> None:
    seen: list[int] = []

    async def handler(event_data: int) -> None:
        seen.append(event_data)
        raise asyncio.CancelledError

    house.plugin("audit").events.subscribe("a", handler)

    await house.bus.publish("a", 1, source="x")
    await house.bus.publish("a", 2, source="x", wait=True)

    assert seen == [1, 2]
    assert [f.kind for f in house.manager.faults.recent("audit")] == ["CancelledError"] * 2
