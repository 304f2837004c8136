"""What Consul's HTTP API does, as far as the plugin and its tests count on it.

The contract server passes because it was written so. A real agent (CONSUL_HTTP_ADDR) is asked the
same questions.
"""

from __future__ import annotations

import time
from typing import Any

import anyio
import pytest

from ..registries import ConsulApi, until

REGISTER = "/v1/agent/service/register"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One is enough: nothing of the plugin runs here."""
    return "asyncio"


async def put(agent: ConsulApi, path: str, body: Any = None) -> tuple[int, str]:
    answer = await agent.ask("PUT", path, json=body) if body else await agent.ask("PUT", path)
    return answer.status_code, answer.text


async def row(agent: ConsulApi, name: str = "shop") -> dict[str, Any]:
    [found] = (await agent.ask("GET", f"/v1/health/service/{name}")).json()
    return dict(found)


async def test_a_success_says_nothing(agent) -> None:
    assert await put(agent, REGISTER, {"Name": "shop"}) == (200, "")
    assert await put(agent, "/v1/agent/service/deregister/shop") == (200, "")


async def test_an_id_is_the_name_unless_it_is_given_and_keys_may_be_in_snake_case(agent) -> None:
    await put(agent, REGISTER, {"name": "shop", "enable_tag_override": True})
    await put(agent, REGISTER, {"Name": "shop", "ID": "shop-2", "Port": 80, "Tags": ["a"]})

    services = (await agent.ask("GET", "/v1/agent/services")).json()

    assert services["shop"]["EnableTagOverride"] is True
    assert (services["shop-2"]["Port"], services["shop-2"]["Tags"]) == (80, ["a"])
    assert services["shop"]["Weights"] == {"Passing": 1, "Warning": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"ID": "shop"},
        {"Name": "shop", "Address": "0.0.0.0"},
        {"Name": "shop", "Address": "::"},
        {"Name": "shop", "Meta": {"a.b": "c"}},
        {"Name": "shop", "Meta": {"a": "c" * 513}},
        {"Name": "shop", "Check": {"TTL": "10s", "Interval": "10s", "HTTP": "http://a"}},
        {"Name": "shop", "Check": {"TTL": "0s"}},
        {"Name": "shop", "Check": {"TTL": "5"}},
        {"Name": "shop", "Check": {"TTL": "10s", "Status": "fine"}},
    ],
    ids=str,
)
async def test_what_cannot_be_registered_is_refused_in_plain_words(agent, body) -> None:
    answer = await agent.ask("PUT", REGISTER, json=body)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain") or not answer.text
    assert await agent.found("shop") == {}


async def test_an_empty_body_is_refused(agent) -> None:
    status, words = await put(agent, REGISTER)

    assert status == 400
    assert "decode failed" in words


async def test_what_is_not_there_is_not_found(agent) -> None:
    for path in (
        "/v1/agent/service/deregister/shop",
        "/v1/agent/check/deregister/service:shop",
        "/v1/agent/check/pass/service:shop",
        "/v1/agent/check/update/service:shop",
        "/v1/agent/service/maintenance/shop?enable=true",
    ):
        status, words = await put(agent, path, {"Status": "passing"})
        assert (status, "shop" in words) == (404, True), path


async def test_the_wrong_method_is_told_the_right_one(agent) -> None:
    answer = await agent.ask("POST", REGISTER, json={"Name": "shop"})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "OPTIONS,PUT"


async def test_a_ttl_check_is_critical_until_it_is_heard_of(agent) -> None:
    await put(agent, REGISTER, {"Name": "shop", "Check": {"TTL": "1m"}})
    before = (await agent.found("shop"))["shop"]["status"]

    await put(agent, "/v1/agent/check/pass/service:shop?note=well")
    [check] = [one for one in (await row(agent))["Checks"] if one["CheckID"] == "service:shop"]

    assert before == "critical"
    assert (check["Status"], check["Output"], check["Name"]) == (
        "passing",
        "well",
        "Service 'shop' check",
    )


async def test_a_ttl_check_may_begin_well_and_is_critical_when_its_time_is_up(agent) -> None:
    body = {"Name": "shop", "Check": {"TTL": "300ms", "Status": "passing"}}
    await put(agent, REGISTER, body)
    before = (await agent.found("shop"))["shop"]["status"]

    async def has_expired() -> list[Any]:
        return [one for one in (await row(agent))["Checks"] if "TTL expired" in one["Output"]]

    [check] = await until(has_expired)

    assert before == "passing"
    assert check["Status"] == "critical"


async def test_a_heartbeat_says_how_the_service_is(agent) -> None:
    await put(agent, REGISTER, {"Name": "shop", "Check": {"TTL": "1m", "Status": "passing"}})
    seen = []

    for path, body in (
        ("/v1/agent/check/warn/service:shop", None),
        ("/v1/agent/check/fail/service:shop", None),
        ("/v1/agent/check/update/service:shop", {"Status": "warning", "Output": "slow"}),
        ("/v1/agent/check/update/service:shop", {"Status": "passing"}),
    ):
        assert (await put(agent, path, body))[0] == 200
        seen.append((await agent.found("shop"))["shop"]["status"])
    status, words = await put(
        agent, "/v1/agent/check/update/service:shop", {"Status": "unknown", "Output": ""}
    )

    assert seen == ["warning", "critical", "warning", "passing"]
    assert status == 400
    assert "Invalid check status" in words


async def test_a_long_output_is_cut(agent) -> None:
    await put(agent, REGISTER, {"Name": "shop", "Check": {"TTL": "1m"}})

    await put(
        agent,
        "/v1/agent/check/update/service:shop",
        {"Status": "passing", "Output": "x" * 5000},
    )

    [check] = [one for one in (await row(agent))["Checks"] if one["CheckID"] == "service:shop"]
    assert "captured 4096 of 5000 bytes" in check["Output"]


async def test_several_checks_are_numbered_and_the_worst_counts(agent) -> None:
    checks = [{"TTL": "1m", "Status": "passing"}, {"TTL": "1m", "Status": "warning"}]
    await put(agent, REGISTER, {"Name": "shop", "Checks": checks})

    found = await row(agent)

    assert {"service:shop:1", "service:shop:2", "serfHealth"} == {
        check["CheckID"] for check in found["Checks"]
    }
    assert (await agent.found("shop"))["shop"]["status"] == "warning"


async def test_registering_again_keeps_the_checks_unless_they_are_to_be_replaced(agent) -> None:
    await put(agent, REGISTER, {"Name": "shop", "Check": {"TTL": "1m", "Status": "passing"}})

    await put(agent, REGISTER, {"Name": "shop", "Port": 1})
    kept = await row(agent)
    await put(agent, f"{REGISTER}?replace-existing-checks", {"Name": "shop", "Port": 2})
    replaced = await row(agent)

    assert [len(one["Checks"]) for one in (kept, replaced)] == [2, 1]
    assert [one["Service"]["Port"] for one in (kept, replaced)] == [1, 2]


async def test_registering_again_with_a_status_never_makes_a_service_critical(agent) -> None:
    body = {"Name": "shop", "Check": {"TTL": "1m", "Status": "passing"}}
    await put(agent, REGISTER, body)

    async with anyio.create_task_group() as doing:
        seen: list[str] = []

        async def look() -> None:
            while True:
                seen.append((await agent.found("shop"))["shop"]["status"])

        doing.start_soon(look)
        for _ in range(10):
            await put(agent, REGISTER, body)
        await until(lambda: len(seen) > 5)
        doing.cancel_scope.cancel()

    assert set(seen) == {"passing"}


async def test_maintenance_is_a_critical_check_of_its_own(agent) -> None:
    await put(agent, REGISTER, {"Name": "shop", "Check": {"TTL": "1m", "Status": "passing"}})
    path = "/v1/agent/service/maintenance/shop"

    await put(agent, f"{path}?enable=true&reason=cleaning")
    under = await row(agent)
    await put(agent, f"{path}?enable=false")
    over = (await agent.found("shop"))["shop"]["status"]

    [check] = [one for one in under["Checks"] if one["CheckID"].startswith("_service_maint")]
    assert check["CheckID"] == "_service_maintenance:shop"
    assert (check["Status"], check["Notes"]) == ("critical", "cleaning")
    assert over == "passing"
    assert (await put(agent, path))[0] == 400
    assert (await put(agent, f"{path}?enable=maybe"))[0] == 400


async def test_a_check_can_be_registered_for_a_service_that_is_there(agent) -> None:
    await put(agent, REGISTER, {"Name": "shop"})
    check = {"Name": "alive", "ID": "shop-alive", "ServiceID": "shop", "TTL": "1m"}

    assert (await put(agent, "/v1/agent/check/register", check))[0] == 200
    missing = {**check, "ServiceID": "nobody"}
    assert (await put(agent, "/v1/agent/check/register", missing))[0] in (400, 404)
    assert (await put(agent, "/v1/agent/check/register", {"TTL": "1m"}))[0] == 400
    assert "shop-alive" in (await agent.ask("GET", "/v1/agent/checks")).json()
    assert (await put(agent, "/v1/agent/check/deregister/shop-alive"))[0] == 200


async def test_the_agent_says_how_a_service_is_by_its_status(agent) -> None:
    await put(agent, REGISTER, {"Name": "shop", "Check": {"TTL": "1m", "Status": "passing"}})
    seen = []

    for word in ("pass", "warn", "fail"):
        await put(agent, f"/v1/agent/check/{word}/service:shop")
        by_id = await agent.ask("GET", "/v1/agent/health/service/id/shop")
        by_name = await agent.ask("GET", "/v1/agent/health/service/name/shop")
        seen.append((by_id.status_code, by_name.status_code))

    assert seen == [(200, 200), (429, 429), (503, 503)]
    for path in ("id/nobody", "name/nobody"):
        assert (await agent.ask("GET", f"/v1/agent/health/service/{path}")).status_code == 404


async def test_a_service_that_nobody_knows_is_an_empty_list(agent) -> None:
    answer = await agent.ask("GET", "/v1/health/service/nobody")

    assert (answer.status_code, answer.json()) == (200, [])
    assert int(answer.headers["x-consul-index"]) >= 1
    assert answer.headers["x-consul-knownleader"] == "true"


@pytest.mark.parametrize(
    "query",
    [
        "shop?index=a",
        "shop?index=1&wait=soon",
        "shop?stale&consistent",
        "shop?passing=perhaps",
        "",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(agent, query) -> None:
    answer = await agent.ask("GET", f"/v1/health/service/{query}")

    assert answer.status_code == 400


async def test_only_what_passes_every_check_passes(agent) -> None:
    for id, status in (("shop-1", "passing"), ("shop-2", "warning"), ("shop-3", "critical")):
        check = {"TTL": "1m", "Status": status}
        await put(agent, REGISTER, {"Name": "shop", "ID": id, "Tags": [status], "Check": check})

    async def ids(query: str) -> list[str]:
        rows = (await agent.ask("GET", f"/v1/health/service/shop{query}")).json()
        return sorted(one["Service"]["ID"] for one in rows)

    assert await ids("?passing") == await ids("?passing=true") == ["shop-1"]
    assert await ids("?passing=false") == await ids("") == ["shop-1", "shop-2", "shop-3"]
    assert await ids("?tag=warning") == ["shop-2"]
    assert await ids("?tag=warning&tag=passing") == []


async def test_a_blocking_question_is_answered_by_a_change_and_else_when_its_time_is_up(
    agent,
) -> None:
    await put(agent, REGISTER, {"Name": "shop", "ID": "shop-1"})
    await put(agent, REGISTER, {"Name": "shop", "ID": "shop-2"})
    first = await agent.ask("GET", "/v1/health/service/shop")
    index = int(first.headers["x-consul-index"])

    async def third() -> None:
        await anyio.sleep(0.2)
        await put(agent, REGISTER, {"Name": "shop", "ID": "shop-3"})

    async with anyio.create_task_group() as doing:
        doing.start_soon(third)
        began = time.monotonic()
        second = await agent.ask("GET", f"/v1/health/service/shop?index={index}&wait=4s")
        took = time.monotonic() - began
    newer = int(second.headers["x-consul-index"])
    began = time.monotonic()
    last = await agent.ask("GET", f"/v1/health/service/shop?index={newer}&wait=200ms")
    waited = time.monotonic() - began

    assert took >= 0.2
    assert newer > index
    assert len(second.json()) == 3
    assert waited >= 0.2
    assert int(last.headers["x-consul-index"]) == newer


async def test_catalog_and_states_and_leader_are_told(agent) -> None:
    check = {"TTL": "1m", "Status": "warning"}
    await put(agent, REGISTER, {"Name": "shop", "Tags": ["a"], "Check": check})

    services = (await agent.ask("GET", "/v1/catalog/services")).json()
    warnings = (await agent.ask("GET", "/v1/health/state/warning")).json()
    every = (await agent.ask("GET", "/v1/health/state/any")).json()
    of_shop = (await agent.ask("GET", "/v1/health/checks/shop")).json()
    leader = (await agent.ask("GET", "/v1/status/leader")).json()
    config = (await agent.ask("GET", "/v1/agent/self")).json()["Config"]

    assert services["shop"] == ["a"]
    assert "consul" in services
    assert "service:shop" in {check["CheckID"] for check in warnings}
    assert "serfHealth" in {check["CheckID"] for check in every}
    assert [check["CheckID"] for check in of_shop] == ["service:shop"]
    assert leader
    assert config["Datacenter"]


async def test_it_says_what_it_is(agent) -> None:
    # A real agent may serve its page here.
    answer = await agent.ask("GET", "/")

    assert answer.status_code in (200, 301, 307)
