"""Services come and go: what plugins are told, whose services they are, what is refused."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.errors import ForeignService, InvalidService
from marty_hookspecs import ServiceInfo

from .house import House, Plugin, billing


async def test_a_service_comes_and_goes_and_every_plugin_is_told(house: House) -> None:
    house.listening()
    plugin = house.plugin("shop")

    registered = await plugin.services.register(billing())
    found = await house.registry.discover({"name": "billing"})
    left = await plugin.services.unregister("billing-1")

    assert registered == {
        "name": "billing",
        "id": "billing-1",
        "port": 8001,
        "status": "passing",
        "tags": [],
        "meta": {},
    }
    assert found == [registered]
    assert left is True
    assert await house.ids() == []
    assert house.told == ["post_register billing-1:8001", "pre_unregister billing-1:8001"]
    assert plugin.ledger.entries == []


async def test_a_service_without_an_id_gets_one(house: House) -> None:
    plugin = house.plugin("shop")

    one = await plugin.services.register({"name": "billing"})
    other = await plugin.services.register({"name": "billing"})

    assert one["id"].startswith("billing-")
    assert one["id"] != other["id"]
    assert await house.ids() == [one["id"], other["id"]]


async def test_plugins_may_change_a_service_before_it_is_registered(house: House) -> None:
    async def tag(service_info: ServiceInfo) -> ServiceInfo:
        service_info["tags"] = [*service_info["tags"], "blue"]
        return service_info

    house.plugin("tagger").implementing("service.pre_register", tag)

    registered = await house.plugin("shop").services.register(billing(tags=("green",)))

    assert registered["tags"] == ["green", "blue"]
    assert (await house.registry.discover({"tags": ["blue"]})) == [registered]


async def test_what_a_plugin_makes_of_a_service_must_make_sense_or_is_left_out(
    house: House,
) -> None:
    def spoil(service_info: Any) -> Any:
        return {**service_info, "port": "eighty"}

    def fail(service_info: Any) -> Any:
        raise ValueError("no")

    def mend(service_info: Any) -> Any:
        return {**service_info, "port": 80, "zone": "a"}

    house.plugin("a-spoiler").implementing("service.pre_register", spoil)
    house.plugin("b-failing").implementing("service.pre_register", fail)

    first = await house.plugin("shop").services.register(billing())
    house.plugin("c-mender").implementing("service.pre_register", mend)
    second = await house.plugin("shop").services.register(billing(2))

    assert first["port"] == 8001
    assert (second["port"], second["zone"]) == (80, "a")
    fault = house.manager.faults.recent("a-spoiler")[0]
    assert fault.hook == "service.pre_register"
    assert "what 'a-spoiler' answered to service.pre_register cannot be used" in fault.message
    assert house.manager.faults.count("b-failing") == 2
    assert house.manager.faults.count("c-mender") == 0


async def test_a_plugin_that_fails_to_note_a_service_does_not_keep_it_out(house: House) -> None:
    def fail(service_info: Any) -> None:
        raise ValueError("no")

    plugin = house.plugin("mirror")
    plugin.implementing("service.post_register", fail)
    plugin.implementing("service.pre_unregister", fail)
    shop = house.plugin("shop")

    await shop.services.register(billing())
    assert await house.ids() == ["billing-1"]
    await shop.services.unregister("billing-1")

    assert await house.ids() == []
    assert house.manager.faults.count("mirror") == 2


async def test_nobody_changes_what_the_registry_holds(house: House) -> None:
    def scribble(service_info: Any) -> None:
        service_info["meta"]["scribbled"] = "yes"

    house.plugin("mirror").implementing("service.post_register", scribble)
    given = billing(meta={"team": "a"}, tags=["blue"])

    registered = await house.plugin("shop").services.register(given)
    given["meta"]["team"] = "b"
    registered["tags"].append("red")
    [found] = await house.registry.discover()
    found["meta"]["team"] = "c"

    [found] = await house.registry.discover()
    assert (found["meta"], found["tags"]) == ({"team": "a"}, ["blue"])


async def test_the_same_id_once_more_replaces_the_service(house: House) -> None:
    house.listening()
    plugin = house.plugin("shop")
    await plugin.services.register(billing(port=1))

    await plugin.services.register(billing(port=2))

    [found] = await house.registry.discover()
    assert found["port"] == 2
    assert house.told == ["post_register billing-1:1", "post_register billing-1:2"]
    assert len(plugin.ledger.entries) == 1


async def test_only_the_owner_may_replace_or_take_back(house: House) -> None:
    await house.plugin("shop").services.register(billing())
    thief = house.plugin("thief")

    for attempt in (
        lambda: thief.services.register(billing()),
        lambda: thief.services.unregister("billing-1"),
        lambda: thief.services.heartbeat("billing-1"),
    ):
        with pytest.raises(ForeignService) as raised:
            await attempt()

        assert str(raised.value) == (
            "plugin 'thief' may not change the service 'billing-1': it was registered by 'shop'."
            " Register yours with another id, or let 'shop' do it."
        )
    assert await house.ids() == ["billing-1"]


async def test_an_id_that_a_plugin_gives_to_the_service_of_another_is_refused_too(
    house: House,
) -> None:
    await house.plugin("shop").services.register(billing())
    house.plugin("renamer").implementing(
        "service.pre_register", lambda service_info: {**service_info, "id": "billing-1"}
    )

    with pytest.raises(ForeignService):
        await house.plugin("other").services.register(billing(2))

    assert await house.ids() == ["billing-1"]


async def test_who_takes_back_what_is_gone_learns_that_it_was(house: House) -> None:
    assert await house.plugin("shop").services.unregister("billing-1") is False


@pytest.mark.parametrize(
    ("info", "problem"),
    [
        ({}, "'name' is missing"),
        (None, "it is NoneType, not a mapping of its keys"),
        ({"name": "  "}, "'name' is '  ', not a text that is not empty"),
        ({"id": 7}, "'id' is 7, not a text that is not empty"),
        ({"id": None}, "'id' is None, not a text that is not empty"),
        ({"port": 0}, "'port' is 0, not a whole number from 1 to 65535, or None"),
        ({"port": 65536}, "'port' is 65536, not a whole number from 1 to 65535, or None"),
        ({"port": True}, "'port' is True, not a whole number from 1 to 65535, or None"),
        ({"port": "80"}, "'port' is '80', not a whole number from 1 to 65535, or None"),
        ({"address": ""}, "'address' is '', not a host name or an IP address"),
        ({"tags": "blue"}, "'tags' is 'blue', not a list of texts"),
        ({"tags": [1]}, "'tags' is [1], not a list of texts"),
        ({"meta": {"a": 1}}, "'meta' is {'a': 1}, not a mapping of texts to texts"),
        ({"status": "fine"}, "'status' is 'fine', not one of passing, warning, critical, unknown"),
        ({"weight": -1}, "'weight' is -1, not a whole number, 0 or more"),
        ({"zone": 1}, "'zone' is 1, not a text that is not empty"),
        ({"version": 1}, "'version' is 1, not a text"),
        ({"stale": "yes"}, "'stale' is 'yes', not True or False"),
    ],
    ids=str,
)
async def test_a_service_that_makes_no_sense_is_refused_in_words(
    house: House, info: Any, problem: str
) -> None:
    given: Any = {"name": "billing", **info} if info else info

    with pytest.raises(InvalidService) as raised:
        await house.plugin("shop").services.register(given)

    assert str(raised.value).startswith("the service that 'shop' registers cannot be used: ")
    assert problem in str(raised.value)
    assert await house.ids() == []


async def test_everything_that_is_wrong_is_said_at_once(house: House) -> None:
    with pytest.raises(InvalidService) as raised:
        await house.plugin("shop").services.register({"name": "", "port": 0})

    assert len(raised.value.problems) == 2


async def test_an_address_that_is_not_known_yet_is_no_mistake(house: House) -> None:
    registered = await house.plugin("application").services.register(
        {"name": "billing", "address": None, "port": None, "zone": None}
    )

    assert registered["address"] is None


async def test_keys_that_the_contract_does_not_know_are_kept(house: House) -> None:
    given: Any = billing(enhanced=True)

    registered: Any = await house.plugin("shop").services.register(given)

    assert registered["enhanced"] is True


async def test_who_is_told_of_one_id_is_told_in_order(house: House) -> None:
    shop, told, goes_on = house.plugin("shop"), house.told, anyio.Event()

    async def slowly(service_info: ServiceInfo) -> None:
        await goes_on.wait()
        told.append("left")

    house.plugin("mirror").implementing("service.pre_unregister", slowly)
    house.plugin("other-mirror").implementing(
        "service.post_register", lambda service_info: told.append("came")
    )
    await shop.services.register(billing())

    async with anyio.create_task_group() as both:
        both.start_soon(shop.services.unregister, "billing-1")
        await anyio.lowlevel.checkpoint()
        both.start_soon(shop.services.register, billing())
        await anyio.lowlevel.checkpoint()
        goes_on.set()

    assert told == ["came", "left", "came"]
    assert await house.ids() == ["billing-1"]
    assert repr(house.registry._turns) == "<Turns of 0 ids>"


async def test_what_is_taken_back_twice_at_once_leaves_once(house: House) -> None:
    house.listening()
    shop = house.plugin("shop")
    await shop.services.register(billing())

    async with anyio.create_task_group() as both:
        both.start_soon(shop.services.unregister, "billing-1")
        both.start_soon(shop.services.unregister, "billing-1")

    assert house.told.count("pre_unregister billing-1:8001") == 1


async def test_every_plugin_can_see_what_this_process_has_registered_and_nothing_else(
    house: House,
) -> None:
    shop, staged = house.plugin("shop"), house.plugin("mill", staged=True)
    await shop.services.register(billing(1), ttl=10)
    await shop.services.register(billing(2), ttl=1000)
    await staged.services.register(billing(3, status="warning"))
    house.plugin("far-away").answering(billing(4))

    fresh = house.plugin("mirror").services.registered()
    house.clock.now += 41
    later = house.plugin("mirror").services.registered()

    assert [(found["id"], found["status"]) for found in fresh] == [
        ("billing-1", "passing"),
        ("billing-2", "passing"),
        ("billing-3", "warning"),
    ]
    assert [found["id"] for found in later] == ["billing-2", "billing-3"]


async def test_of_two_generations_of_a_plugin_the_newer_one_s_service_counts(
    house: House,
) -> None:
    old, new = house.plugin("shop"), house.plugin("shop", staged=True)
    await old.services.register(billing(port=1))

    await new.services.register(billing(port=2))

    assert [found["port"] for found in old.services.registered()] == [2]


async def test_registry_handle_and_entry_say_what_they_are(house: House) -> None:
    plugin = house.plugin("shop")
    assert repr(house.registry) == "<ServiceRegistry: no services>"
    assert repr(plugin.services) == "<PluginServiceRegistry of shop: none>"

    await plugin.services.register(billing())

    assert repr(house.registry) == "<ServiceRegistry: billing-1>"
    assert repr(plugin.services) == "<PluginServiceRegistry of shop: billing-1>"
    [entries] = [c.parts for c in house.manager.current.contributions.values() if c.parts]
    assert repr(next(iter(entries.values()))[0]) == "<Entry billing-1 of shop>"


async def test_a_plugin_that_has_left_registers_nothing(house: House) -> None:
    plugin: Plugin = house.plugin("shop")

    def refuse(*_: object, **__: object) -> Any:
        raise RuntimeError("gone")

    plugin.ledger.enter = refuse  # type: ignore[method-assign]

    with pytest.raises(RuntimeError, match="gone"):
        await plugin.services.register(billing())

    assert await house.ids() == []
    assert await house.plugin("other").services.register(billing())
