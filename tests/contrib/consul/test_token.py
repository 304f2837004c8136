"""An agent that wants to know who asks, and a token that nobody else gets to see."""

from __future__ import annotations

import httpx2
import pytest
from loguru import logger
from pydantic import SecretStr

from marty_chassis.contrib.consul import ConsulSettings
from marty_chassis.contrib.consul.agent import Token, opened
from marty_chassis.contrib.registry import Refused

from ..registries import until

TOKEN = "b1gs2cr3t-0000-4000-8000-000000000001"
AGENT = ("--token", TOKEN)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"headers": {"X-Consul-Token": TOKEN}}, 200),
        ({"headers": {"Authorization": f"Bearer {TOKEN}"}}, 200),
        ({"params": {"token": TOKEN}, "headers": {"X-Consul-Token": "wrong"}}, 200),
        ({"headers": {"X-Consul-Token": "wrong"}}, 403),
        ({}, 403),
    ],
    ids=["header", "bearer", "query first", "wrong", "none"],
)
async def test_a_token_is_taken_from_three_places(agent, how, status) -> None:
    answer = await agent.ask("GET", "/v1/agent/services", **how)

    assert answer.status_code == status


async def test_with_its_token_the_service_is_registered_and_others_are_found(agent, shop) -> None:
    token = {"headers": {"X-Consul-Token": TOKEN}}
    body = {"Name": "db", "ID": "db-1", "Port": 1}
    await agent.ask("PUT", "/v1/agent/service/register", json=body, **token)

    async with shop(token=TOKEN) as host:
        await until(lambda: host.plugin.keeper.held == ("shop-1",))
        [found] = await host.context.service_registry.discover({"name": "db"})

    assert found["id"] == "db-1"


async def test_without_a_token_it_is_said_once_what_is_refused_and_the_service_serves(
    agent, shop
) -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, level="INFO", diagnose=True, backtrace=True)
    try:
        async with shop(token=f"not-{TOKEN}") as host:
            nobody = await host.context.service_registry.discover({"name": "db"})
            await until(lambda: host.plugin.link.failures > 4)
            health = await host.plugin.check_health()
            answer = await host.client.get("/")
            shown = [repr(host.context), repr(host.plugin), repr(health)]
            shown += [str(host.status()), repr(host.context.plugin_config), (await status(host))]
    finally:
        logger.remove(sink)

    assert (nobody, answer.status_code) == ([], 200)
    assert set(health["troubles"]) == {"shop-1", "watching db"}
    assert "403 ACL not found" in health["troubles"]["shop-1"]
    assert len([line for line in lines if "refuses shop-1" in line]) == 1
    assert TOKEN not in "".join(lines + shown)


async def test_a_call_that_fails_shows_no_token_in_its_traceback(agent) -> None:
    lines: list[str] = []
    sink = logger.add(lines.append, diagnose=True, backtrace=True)
    try:
        async with opened(ConsulSettings(address=agent.url, token=f"not-{TOKEN}")) as consul:
            try:
                await consul.ping()
            except Refused:
                logger.exception("refused")
        agent.go()
        async with opened(ConsulSettings(address=agent.url, token=TOKEN)) as consul:
            try:
                await consul.ping()
            except Exception:
                logger.exception("away")
    finally:
        logger.remove(sink)

    assert len(lines) == 2
    assert TOKEN not in "".join(lines)
    assert TOKEN not in repr(httpx2.AsyncClient(auth=Token(ConsulSettings(token=TOKEN)))._auth)


async def test_a_token_that_came_with_the_end_of_its_line_is_good(agent, shop, monkeypatch) -> None:
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", f"{TOKEN}\n")

    async with shop() as host:
        await until(lambda: host.plugin.keeper.held == ("shop-1",))
        health = await host.plugin.check_health()

    assert health["healthy"]
    assert TOKEN not in repr(health)


async def test_a_request_that_cannot_be_made_is_refused_and_not_repeated(agent) -> None:
    # The section refuses it; this is for whatever else might be wrong with a header.
    settings = ConsulSettings(address=agent.url).model_copy(
        update={"token": SecretStr(f"{TOKEN}\n")}
    )

    async with opened(settings) as consul:
        with pytest.raises(Refused, match=r"GET /v1/status/leader: .* no valid request") as raised:
            await consul.ping()

    assert TOKEN not in str(raised.value)


async def status(host) -> str:
    answer = await host.operator.get("/plugins/consul")
    assert answer.status_code == 200
    return str(answer.text)
