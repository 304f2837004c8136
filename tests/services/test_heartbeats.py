"""Services that must show that they live: critical, then gone; nothing runs for it."""

from __future__ import annotations

from typing import Any

import pytest

from marty_chassis.errors import InvalidService, UnknownService

from .house import House, billing


async def status(house: House) -> str:
    found = await house.registry.discover({"passing": False})
    return found[0]["status"] if found else "gone"


async def test_a_service_without_heartbeats_becomes_critical_and_is_then_gone(
    house: House,
) -> None:
    await house.plugin("shop").services.register(billing(), ttl=10)

    seen = []
    for house.clock.now in (100.0, 110.0, 110.1, 140.0, 140.1):
        seen.append(await status(house))

    assert seen == ["passing", "passing", "critical", "critical", "gone"]


async def test_a_heartbeat_keeps_a_service_and_brings_a_critical_one_back(house: House) -> None:
    shop = house.plugin("shop")
    await shop.services.register(billing(status="warning"), ttl=10)

    house.clock.now += 9
    await shop.services.heartbeat("billing-1")
    house.clock.now += 9
    kept = await status(house)
    house.clock.now += 9
    late = await status(house)
    await shop.services.heartbeat("billing-1")

    assert (kept, late) == ("warning", "critical")
    assert await status(house) == "warning"


async def test_a_service_without_a_ttl_needs_no_heartbeat_and_takes_one(house: House) -> None:
    shop = house.plugin("shop")
    await shop.services.register(billing())
    house.clock.now += 1e9

    await shop.services.heartbeat("billing-1")

    assert await house.ids() == ["billing-1"]


async def test_a_heartbeat_that_comes_too_late_says_what_to_do(house: House) -> None:
    house.listening()
    shop = house.plugin("shop")
    await shop.services.register(billing(1), ttl=10)
    await shop.services.register(billing(2))
    house.clock.now += 41

    with pytest.raises(UnknownService) as raised:
        await shop.services.heartbeat("billing-1")

    assert str(raised.value) == (
        "plugin 'shop' has no service 'billing-1': it was never registered, or no heartbeat came in"
        " time. Did you mean 'billing-2'? Register it again."
    )
    assert house.told[-1] == "pre_unregister billing-1:8001"
    assert len(shop.ledger.entries) == 1


async def test_an_id_is_free_again_when_its_service_is_gone(house: House) -> None:
    await house.plugin("shop").services.register(billing(), ttl=10)
    house.clock.now += 41

    await house.plugin("other").services.register(billing())

    assert await house.ids() == ["billing-1"]


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), "10"], ids=str)
async def test_a_ttl_that_makes_no_sense_is_refused(house: House, ttl: Any) -> None:
    with pytest.raises(InvalidService, match=r"'ttl' is .*, not a number of seconds above 0"):
        await house.plugin("shop").services.register(billing(), ttl=ttl)
