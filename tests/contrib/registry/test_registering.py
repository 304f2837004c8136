"""What this process registers is in the registry, as somebody else sees it."""

from __future__ import annotations

import anyio

from ...logs import about
from ..registries import until


async def test_the_service_is_registered_while_it_runs(registry, shop) -> None:
    async with shop(tags=["blue"]):
        found = await until(lambda: registry.found("shop"))

    assert found == {
        "shop-1": {"address": "10.0.0.7", "port": 8000, "tags": ["blue"], "status": "passing"}
    }
    assert await registry.found("shop") == {}


async def test_what_plugins_register_comes_and_goes_too(registry, shop) -> None:
    async with shop() as host:
        services = host.context.service_registry
        await services.register({"name": "db", "id": "db-1", "address": "10.0.0.8", "port": 5432})
        found = await until(lambda: registry.found("db"))

        await services.unregister("db-1")
        left = await registry.found("db")

    assert found["db-1"]["port"] == 5432
    assert left == {}


async def test_a_service_stays_for_longer_than_one_without_heartbeats_would(registry, shop) -> None:
    async with shop(ttl=1):
        await until(lambda: registry.found("shop"))
        await anyio.sleep(1.7)  # What expires has expired by then: see the next test.

        found = await registry.found("shop")

    assert found["shop-1"]["status"] == "passing"


async def test_a_service_whose_process_is_gone_is_not_alive_for_long(registry, backend) -> None:
    db = {"name": "db", "id": "db-1", "address": "10.0.0.8", "port": 1, "status": "passing"}

    async with backend(ttl=1) as process:
        await process.announce(db)
    before = await registry.found("db")

    async def is_dead() -> bool:
        found = await registry.found("db")
        return "db-1" not in found or found["db-1"]["status"] != "passing"

    assert before["db-1"]["status"] == "passing"
    assert await until(is_dead)


async def test_what_the_registry_has_lost_is_registered_again(registry, shop) -> None:
    async with shop():
        await until(lambda: registry.found("shop"))
        await registry.remove("shop", "shop-1")

        found = await until(lambda: registry.found("shop"))

    assert found["shop-1"]["status"] == "passing"


async def test_a_service_that_dies_in_this_process_is_dead_in_the_registry(registry, shop) -> None:
    async with shop() as host:
        db = {"name": "db", "id": "db-1", "address": "10.0.0.8", "port": 5432}
        await host.context.service_registry.register(db, ttl=0.1)

        async def is_critical() -> bool:
            found = await registry.found("db")
            return "db-1" in found and bool(found["db-1"]["status"] == "critical")

        assert await until(is_critical)


async def test_a_plugin_that_comes_late_registers_what_is_there_already(registry, shop) -> None:
    async with shop() as host:
        manager = host.chassis.plugin_manager
        await until(lambda: registry.found("shop"))

        await manager.disable(registry.plugin)
        without = await registry.found("shop")
        await manager.enable(registry.plugin)
        again = await until(lambda: registry.found("shop"))

    assert without == {}
    assert list(again) == ["shop-1"]


async def test_a_service_without_an_address_is_not_registered_and_that_is_said_once(
    registry, shop, log
) -> None:
    async with shop() as host:
        services = host.context.service_registry
        await services.register({"name": "mail", "id": "mail-1"})
        await services.register({"name": "db", "id": "db-1", "address": "10.0.0.8"})
        await until(lambda: registry.found("db"))
        host.plugin.keeper.look()
        await until(lambda: set(host.plugin.keeper.held) == {"shop-1", "db-1"})

        assert await registry.found("mail") == {}
    assert len(about("mail-1 is not registered", log)) == 1


async def test_a_service_that_changes_is_announced_anew(registry, shop) -> None:
    async with shop() as host:
        services = host.context.service_registry
        await services.register({"name": "db", "id": "db-1", "address": "10.0.0.8", "port": 1})
        await until(lambda: registry.found("db"))

        await services.register({"name": "mail", "id": "db-1", "address": "10.0.0.8", "port": 2})
        found = await until(lambda: registry.found("mail"))

        assert found["db-1"]["port"] == 2
        assert await registry.found("db") == {}


async def test_ids_and_names_may_hold_anything(registry, shop) -> None:
    async with shop() as host:
        odd = {"name": "db", "id": "db/1: é?%", "address": "::1", "port": 1}
        await host.context.service_registry.register(odd)
        found = await until(lambda: registry.found("db"))

        await host.context.service_registry.unregister(odd["id"])

        assert list(found) == [odd["id"]]
        assert await registry.found("db") == {}
