"""py-consul, which others have written against real agents, finds in ours what it expects.

It knows nothing of the plugin: so it tells whether what the plugin registers can be read by others,
and whether the contract server is one that somebody else takes for Consul.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

from ..registries import until

consul = pytest.importorskip("consul", reason="uv pip install py-consul")


@pytest.fixture
def client(agent) -> Any:
    host, _, port = agent.url.removeprefix("http://").rpartition(":")
    return consul.Consul(host=host, port=int(port), token=agent.token or None)


async def ask(call: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """py-consul blocks."""
    return await anyio.to_thread.run_sync(partial(call, *args, **more))


async def test_it_finds_what_the_plugin_registers(client, shop) -> None:
    async with shop(tags=["blue"]) as host:
        await until(lambda: host.plugin.keeper.held)

        index, [found] = await ask(client.health.service, "shop", passing=True, tag="blue")

    _, after = await ask(client.health.service, "shop")
    assert int(index) > 0
    assert found["Service"]["ID"] == "shop-1"
    assert (found["Service"]["Address"], found["Service"]["Port"]) == ("10.0.0.7", 8000)
    assert {check["Status"] for check in found["Checks"]} == {"passing"}
    assert after == []


async def test_the_plugin_finds_what_it_registers_and_hears_of_its_heartbeats(client, shop) -> None:
    register = partial(
        client.agent.service.register, "db", service_id="db-1", address="10.0.0.8", port=5432
    )
    async with shop() as host:
        discover = host.context.service_registry.discover
        await ask(register, tags=["main"], check=consul.Check.ttl("1m"))
        dead = await until(lambda: discover({"name": "db", "passing": False}))

        await ask(client.agent.check.ttl_pass, "service:db-1", "well")
        alive = await until(lambda: discover({"name": "db"}))
        await ask(client.agent.service.maintenance, "db-1", "true", "cleaning")
        await until(partial(_nobody, discover))
        await ask(client.agent.service.maintenance, "db-1", "false")
        await until(lambda: discover({"name": "db"}))
        await ask(client.agent.service.deregister, "db-1")
        await until(partial(_nobody, discover))

    assert dead[0]["status"] == "critical"
    assert (alive[0]["id"], alive[0]["port"], alive[0]["tags"]) == ("db-1", 5432, ["main"])


async def test_it_waits_for_news_and_hears_of_them(client, agent) -> None:
    index, before = await ask(client.health.service, "db")

    async with anyio.create_task_group() as doing:
        doing.start_soon(agent.enter, "db", "db-1")
        newer, after = await ask(client.health.service, "db", index=index, wait="5s")

    assert before == []
    assert int(newer) > int(index)
    assert [found["Service"]["ID"] for found in after] == ["db-1"]


async def _nobody(discover: Callable[..., Any]) -> bool:
    return not await discover({"name": "db"})
