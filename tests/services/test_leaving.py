"""A plugin leaves, is reloaded, or its reload is taken back: which service stays, who is told."""

from __future__ import annotations

import pytest

from marty_chassis.errors import ForeignService

from .house import House, billing


async def test_a_plugin_that_stops_takes_its_services_along(house: House) -> None:
    house.listening()
    shop, other = house.plugin("shop"), house.plugin("other")
    await shop.services.register(billing(1))
    await shop.services.register(billing(2))
    await other.services.register(billing(3))

    await shop.stop()

    assert await house.ids() == ["billing-3"]
    assert house.told[3:] == ["pre_unregister billing-2:8002", "pre_unregister billing-1:8001"]


async def test_what_a_staged_plugin_registers_is_seen_when_the_plugin_is(house: House) -> None:
    plugin = house.plugin("shop", staged=True)

    await plugin.services.register(billing())
    before = await house.ids()
    plugin.registrations.publish()

    assert before == []
    assert await house.ids() == ["billing-1"]


async def test_after_a_reload_the_old_ones_leaving_does_not_touch_what_the_new_one_has(
    house: House,
) -> None:
    house.listening()
    old = house.plugin("shop")
    await old.services.register(billing(1, port=1))
    await old.services.register(billing(2))

    new = house.plugin("shop", staged=True)
    await new.services.register(billing(1, port=2))
    new.registrations.publish()
    await old.ledger.undo()

    [found] = await house.registry.discover()
    assert found["port"] == 2
    # Nobody is told that billing-1 leaves, as it does not.
    assert house.told[2:] == ["post_register billing-1:2", "pre_unregister billing-2:8002"]


async def test_a_reload_that_is_taken_back_announces_the_service_that_stays(house: House) -> None:
    house.listening()
    old = house.plugin("shop")
    await old.services.register(billing(port=1))

    new = house.plugin("shop", staged=True)
    await new.services.register(billing(port=2))
    await new.ledger.undo()

    [found] = await house.registry.discover()
    assert found["port"] == 1
    assert house.told == [
        "post_register billing-1:1",
        "post_register billing-1:2",
        "post_register billing-1:1",
    ]
    await old.stop()
    assert house.told[3:] == ["pre_unregister billing-1:1"]


async def test_two_staged_plugins_do_not_get_one_id(house: House) -> None:
    await house.plugin("shop", staged=True).services.register(billing())

    with pytest.raises(ForeignService):
        await house.plugin("other", staged=True).services.register(billing())


async def test_each_entry_in_the_ledger_has_a_key_of_its_own(house: House) -> None:
    old, new = house.plugin("shop"), house.plugin("shop", staged=True)
    await old.services.register(billing())
    await new.services.register(billing())

    keys = [entry.id for plugin in (old, new) for entry in plugin.ledger.entries]

    assert len(set(keys)) == 2
