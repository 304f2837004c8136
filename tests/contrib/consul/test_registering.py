"""What stands in Consul for a service of this process."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import Response

from marty_chassis.contrib.consul import ConsulSettings
from marty_chassis.contrib.consul.agent import opened
from marty_chassis.contrib.consul.writing import duration, registration
from marty_hookspecs import ServiceInfo

from ..registries import until
from .scripted import Scripted, served


async def test_a_service_is_registered_with_all_that_is_known_of_it(agent, shop) -> None:
    service: ServiceInfo = {
        "name": "shop",
        "id": "shop-2",
        "address": "10.0.0.8",
        "port": 80,
        "scheme": "https",
        "version": "1.2",
        "zone": "a",
        "tags": ["blue"],
        "meta": {"team": "x"},
        "weight": 3,
    }
    async with shop(ttl=20, deregister_after=90, tags=["blue", "eu"]) as host:
        await host.context.service_registry.register(service)
        await until(lambda: "shop-2" in host.plugin.keeper.held)
        found = (await agent.ask("GET", "/v1/agent/services")).json()["shop-2"]
        check = (await agent.ask("GET", "/v1/agent/checks")).json()["service:shop-2"]

    assert (found["Service"], found["Address"], found["Port"]) == ("shop", "10.0.0.8", 80)
    assert found["Tags"] == ["blue", "eu"]
    assert found["Meta"] == {"team": "x", "scheme": "https", "version": "1.2", "zone": "a"}
    assert found["Weights"] == {"Passing": 3, "Warning": 1}
    assert (check["Name"], check["Status"]) == ("shop sends heartbeats", "passing")


async def test_a_service_that_consul_refuses_keeps_no_other_out(agent, shop) -> None:
    async with shop() as host:
        registry = host.context.service_registry
        bad: Any = {"name": "db", "id": "db-1", "address": "10.0.0.8", "meta": {"a.b": "c"}}
        await registry.register(bad)
        await registry.register({"name": "db", "id": "db-2", "address": "10.0.0.8"})

        await until(lambda: set(host.plugin.keeper.held) == {"shop-1", "db-2"})
        await until(lambda: host.plugin.link.troubles)
        health = await host.plugin.check_health()

    assert (health["healthy"], health["away"]) == (False, False)
    assert list(health["troubles"]) == ["db-1"]
    assert "PUT /v1/agent/service/register: 400" in health["troubles"]["db-1"]


async def test_another_datacenter_is_another_view_and_the_same_registrations(agent, shop) -> None:
    await agent.enter("db", "db-1")
    async with shop() as host:
        await host.context.service_registry.discover({"name": "db"})
        await until(lambda: host.plugin.keeper.held)

        await host.reload(drained=True, datacenter="dc2")

        assert list(await agent.found("shop")) == ["shop-1"]
        assert host.plugin.watches.known() == {}


@pytest.mark.parametrize("status", [200, 404])
async def test_a_service_that_leaves_is_called_dead_before_it_is_taken_out(status) -> None:
    with served(Scripted([Response(status_code=status)])) as scripted:
        async with opened(ConsulSettings(address=scripted.url)) as consul:
            await consul.withdraw("shop/1")

    assert scripted.told == [
        (
            "/v1/agent/check/update/service:shop/1",
            {"Status": "critical", "Output": "it is leaving"},
        ),
        ("/v1/agent/service/deregister/shop/1", None),
    ]


@pytest.mark.parametrize(
    ("service", "where", "wanted"),
    [
        ({"status": "unknown"}, ("Check", "Status"), "warning"),
        ({"status": "critical"}, ("Check", "Status"), "critical"),
        ({}, ("Check", "Status"), "passing"),
        ({"weight": 0}, ("Weights", "Passing"), 1),
        ({"port": None}, ("Port",), 0),
        ({"version": None}, ("Meta",), {}),
    ],
    ids=str,
)
def test_what_consul_has_no_word_for_gets_the_nearest(service, where, wanted) -> None:
    given: Any = {"name": "db", "id": "db-1", **service}
    found: Any = registration(given, 30, 600)
    for key in where:
        found = found[key]

    assert found == wanted


@pytest.mark.parametrize(
    ("seconds", "written"), [(30, "30000ms"), (0.5, "500ms"), (1e6, "1000000000ms")]
)
def test_times_are_written_as_go_reads_them(seconds, written) -> None:
    assert duration(seconds) == written
