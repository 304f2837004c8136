"""The registry vanishes, hangs, comes back, with what it knew or without: the service goes on."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from ...logs import about
from ..registries import until

pytestmark = pytest.mark.slow


async def discovered(host, name: str = "db") -> dict[str, bool]:
    """Which instances are found, and whether that is stale."""
    found = await host.context.service_registry.discover({"name": name})
    return {service["id"]: service["stale"] for service in found}


async def health(host) -> dict[str, Any]:
    return dict(await host.plugin.check_health())


async def test_a_registry_that_is_away_at_the_start_keeps_nobody_waiting(
    registry, shop, log
) -> None:
    registry.go()

    async with shop() as host:
        answer = await host.client.get("/")
        nobody = await discovered(host)
        await until(lambda: host.plugin.link.failures > 4)
        said, told = await health(host), await host.plugin.collect_metrics()
        registry.come()
        await until(lambda: registry.found("shop"))
        await until(lambda: not host.plugin.link.troubles)
        healed = await health(host)

    assert answer.status_code == 200
    assert nobody == {}
    assert (said["healthy"], said["away"], said["registered"]) == (False, True, ())
    assert "shop-1" in said["troubles"]
    assert (told["registry_up"], told["registry_registered_services"]) == (0, 0)
    assert (healed["healthy"], healed["away"], healed["registered"]) == (True, False, ("shop-1",))
    assert len(about("is away", log)) == len(about("is back", log)) == 1


async def test_a_registry_dies_and_comes_back_under_a_service_that_serves(registry, shop) -> None:
    await registry.enter("db", "db-1")
    served: list[tuple[int, dict[str, bool]]] = []

    async def application(scope, receive, send) -> None:
        served.append((200, await discovered(host)))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def requests() -> None:
        while True:
            answer = await host.client.get("/")
            assert answer.status_code == 200
            await anyio.sleep(0.01)

    async with shop(app=application) as host, anyio.create_task_group() as load:
        load.start_soon(requests)
        await until(lambda: served and served[-1][1] == {"db-1": False})
        await until(lambda: registry.found("shop"))
        before = len(served)
        registry.go()
        await until(lambda: served[-1][1] == {"db-1": True})
        during = await health(host)
        registry.come()
        await until(lambda: served[-1][1] == {"db-1": False})
        after = await until(lambda: registry.found("shop"))
        load.cancel_scope.cancel()

    assert all("db-1" in found for _, found in served[before:])
    assert during["watched"] == {"db": "stale"}
    assert list(after) == ["shop-1"]


async def test_a_registry_that_has_lost_everything_is_told_anew_and_not_believed_at_once(
    registry, shop
) -> None:
    await registry.enter("db", "db-1")
    await registry.enter("db", "db-2")

    async with shop() as host:
        await until(lambda: registry.found("shop"))
        seen = [await until(lambda: discovered(host))]
        registry.go()
        registry.come(forgetting=True)
        await registry.enter("db", "db-1")
        await until(lambda: registry.found("shop"))
        await until(lambda: _noted(seen, host, {"db-1": False, "db-2": True}))
        await until(lambda: _noted(seen, host, {"db-1": False}))

    assert seen[0] == {"db-1": False, "db-2": False}
    assert all("db-1" in found for found in seen)


async def test_a_registry_that_says_nothing_delays_no_request_and_makes_what_is_known_stale(
    registry, shop
) -> None:
    await registry.enter("db", "db-1")

    async with shop(timeout=0.3, first_answer=0.1) as host:
        await until(lambda: registry.found("shop"))
        fresh = await until(lambda: discovered(host))
        registry.pause()
        await until(lambda: host.plugin.link.is_away)
        with anyio.fail_after(1):
            stale, nobody = await discovered(host), await discovered(host, "mail")
        registry.resume()
        await until(lambda: not host.plugin.link.is_away)
        again = await discovered(host)

    assert (fresh, stale, again) == ({"db-1": False}, {"db-1": True}, {"db-1": False})
    assert nobody == {}


@pytest.mark.parametrize("outage", ["go", "pause"])
async def test_a_service_ends_in_time_while_the_registry_is_away(
    registry, shop, log, outage
) -> None:
    async with shop(leave_timeout=0.2) as host:
        await until(lambda: registry.found("shop"))
        await until(lambda: not host.plugin.link.troubles)
        getattr(registry, outage)()

        with anyio.fail_after(4):
            await host.chassis.service_registry.unregister("shop-1")
            await host.chassis.plugin_manager.stop()

    assert len(about("still has shop-1, until that expires there", log)) == 1
    assert host.chassis.faults.count(registry.plugin) == 0


async def test_a_service_that_left_during_an_outage_is_taken_out_after_it(registry, shop) -> None:
    async with shop(leave_timeout=0.2) as host:
        services = host.context.service_registry
        await services.register({"name": "db", "id": "db-1", "address": "10.0.0.8", "port": 1})
        await until(lambda: registry.found("db"))
        registry.go()
        await services.unregister("db-1")

        registry.come()

        await until(lambda: "db-1" not in host.plugin.keeper._held)
        assert await registry.found("db") == {}


async def _noted(seen: list[dict[str, bool]], host, wanted: dict[str, bool]) -> bool:
    seen.append(await discovered(host))
    return bool(seen[-1] == wanted)
