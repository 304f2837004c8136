"""A reload of the plugin: what is registered is never missing, and what is known stays known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from marty_chassis.plugins import plugin
from marty_chassis.testing import assert_reloadable

from ..registries import Registry, until
from .conftest import PLUGINS, SERVICE
from .test_outages import discovered

pytestmark = pytest.mark.slow


class Watched:
    """What somebody else sees of a service, again and again."""

    def __init__(self, registry: Registry, name: str) -> None:
        self.seen: list[dict[str, Any]] = []
        self._registry = registry
        self._name = name

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.seen.append(await self._registry.found(self._name))
            await anyio.sleep(0.01)


async def test_a_reload_under_load_leaves_no_moment_without_the_service(registry, shop) -> None:
    await registry.enter("db", "db-1")
    found: list[dict[str, bool]] = []

    async def application(scope, receive, send) -> None:
        found.append(await discovered(host))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def requests() -> None:
        while True:
            assert (await host.client.get("/")).status_code == 200
            await anyio.sleep(0.01)

    async with shop(app=application, ttl=1) as host:
        await until(lambda: registry.found("shop"))
        await until(lambda: discovered(host))
        watched = Watched(registry, "shop")
        async with anyio.create_task_group() as load:
            load.start_soon(watched.run)
            load.start_soon(requests)
            for _ in range(3):
                reloaded = await host.reload(drained=True)
                assert not reloaded.rolled_back
            many = len(watched.seen)
            await until(lambda: len(watched.seen) > many + 3)
            load.cancel_scope.cancel()

    assert all(seen["shop-1"]["status"] == "passing" for seen in watched.seen)
    assert all(one == {"db-1": False} for one in found)
    assert await registry.found("shop") == {}


async def test_nothing_of_a_generation_is_alive_after_it(registry) -> None:
    await assert_reloadable(PLUGINS[registry.plugin], config=registry.section())


async def test_what_the_last_run_knew_is_known_to_the_next_while_the_registry_is_away(
    registry, shop
) -> None:
    await registry.enter("db", "db-1")

    async with shop() as host:
        await until(lambda: discovered(host))
        registry.go()
        await until(lambda: host.plugin.link.is_away)

        await host.reload(drained=True)

        assert await discovered(host) == {"db-1": True}


async def test_a_section_that_cannot_be_used_changes_nothing(registry, shop, log) -> None:
    async with shop() as host:
        await until(lambda: registry.found("shop"))
        before = host.plugin

        reloaded = await host.reload(ttl="soon", wiat=1)

        assert reloaded.rolled_back
        assert f"plugins.{registry.plugin}.ttl" in reloaded.reason
        assert "wiat" in reloaded.reason
        assert host.plugin is before
        await registry.remove("shop", "shop-1")
        assert await until(lambda: registry.found("shop"))


@pytest.fixture
def slow(registry: Registry, plugin_host: Callable[..., Any]) -> Any:
    """The plugin, where a reload waits half-way until told to go on, or to fail."""

    class Gate:
        def __init__(self) -> None:
            self.open = anyio.Event()
            self.open.set()
            self.reached = anyio.Event()
            self.fails = False

    gate = Gate()
    kind = PLUGINS[registry.plugin]
    known = kind.plugin_metadata

    @plugin(name=known.name, config_schema=known.config_schema, failure_policy="open")
    class Slow(kind):  # type: ignore[valid-type, misc]
        async def start(self) -> None:
            await super().start()
            gate.reached.set()
            await gate.open.wait()
            if gate.fails:
                raise RuntimeError("it does not start")

    host = plugin_host(Slow, config=registry.section(), settings={"service": SERVICE})
    return host, gate


async def test_a_service_that_comes_while_a_reload_is_under_way_is_never_missing(
    registry, slow
) -> None:
    host, gate = slow
    db = {"name": "db", "id": "db-1", "address": "10.0.0.8", "port": 1}
    async with host:
        watched = Watched(registry, "db")
        async with anyio.create_task_group() as doing:
            gate.open, gate.reached = anyio.Event(), anyio.Event()
            doing.start_soon(lambda: host.reload(drained=True))
            await gate.reached.wait()
            await host.chassis.service_registry.register(db)
            await until(lambda: registry.found("db"))
            doing.start_soon(watched.run)
            gate.open.set()
            await until(lambda: host.status().generation == 2)
            await until(lambda: "db-1" in host.plugin.keeper.held)
            doing.cancel_scope.cancel()

    assert all("db-1" in seen for seen in watched.seen)


async def test_a_service_that_leaves_while_a_reload_is_under_way_stays_away(registry, slow) -> None:
    host, gate = slow
    db = {"name": "db", "id": "db-1", "address": "10.0.0.8", "port": 1}
    async with host:
        await host.chassis.service_registry.register(db)
        await until(lambda: registry.found("db"))
        async with anyio.create_task_group() as doing:
            gate.open, gate.reached = anyio.Event(), anyio.Event()
            doing.start_soon(lambda: host.reload(drained=True))
            await gate.reached.wait()
            await host.chassis.service_registry.unregister("db-1")
            gate.open.set()

        async def it_has_gone() -> bool:
            return not await registry.found("db")

        await until(it_has_gone)
        await until(lambda: host.plugin.keeper.held == ("shop-1",))


async def test_a_reload_that_fails_after_it_has_registered_takes_nothing_out(
    registry, slow
) -> None:
    host, gate = slow
    async with host:
        await until(lambda: registry.found("shop"))
        watched = Watched(registry, "shop")
        async with anyio.create_task_group() as doing:
            doing.start_soon(watched.run)
            gate.fails = True
            reloaded = await host.reload()
            many = len(watched.seen)
            await until(lambda: len(watched.seen) > many + 3)
            doing.cancel_scope.cancel()

        assert reloaded.rolled_back
        assert all(seen["shop-1"]["status"] == "passing" for seen in watched.seen)
        await registry.remove("shop", "shop-1")
        assert await until(lambda: registry.found("shop"))
