"""How the plugin asks Consul for news, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from marty_chassis.contrib.consul import ConsulSettings
from marty_chassis.contrib.consul.agent import opened
from marty_chassis.contrib.registry import Away, Refused, Trouble
from marty_chassis.contrib.registry.rate import Rate
from marty_hookspecs import ServiceInfo

from ..registries import until
from .scripted import Scripted, row, rows, served


@pytest.fixture
def at_once(monkeypatch) -> None:
    """Nobody waits between two questions."""
    monkeypatch.setattr("marty_chassis.contrib.consul.agent.Rate", lambda: Rate(every=1e-9))


async def followed(scripted: Scripted, count: int, **section: Any) -> list[Sequence[ServiceInfo]]:
    """What is heard until so many questions have been asked."""
    heard: list[Sequence[ServiceInfo]] = []
    settings = ConsulSettings(address=scripted.url, **section)
    async with opened(settings) as agent, anyio.create_task_group() as following:
        following.start_soon(agent.follow, "db", lambda services, _: heard.append(services))
        await until(lambda: len(scripted.asked) >= count)
        following.cancel_scope.cancel()
    return heard


async def trouble(scripted: Scripted, **section: Any) -> Trouble:
    """What goes wrong."""
    settings = ConsulSettings(address=scripted.url, timeout=0.5, **section)
    async with opened(settings) as agent:
        with pytest.raises(Trouble) as raised:
            await agent.follow("db", lambda services, _: None)
    return raised.value


@pytest.mark.usefixtures("at_once")
async def test_each_question_waits_for_news_since_the_last_answer() -> None:
    with served(Scripted([rows(7), rows(9), rows(9)])) as scripted:
        await followed(scripted, 4, wait=30, datacenter="dc2")

    assert scripted.asked[:4] == [
        {"dc": "dc2"},
        {"dc": "dc2", "index": "7", "wait": "30000ms"},
        {"dc": "dc2", "index": "9", "wait": "30000ms"},
        {"dc": "dc2", "index": "9", "wait": "30000ms"},
    ]


@pytest.mark.usefixtures("at_once")
async def test_an_index_that_goes_backwards_is_begun_anew_and_one_of_0_is_not_believed() -> None:
    with served(Scripted([rows(7), rows(5), rows(0), rows(0)])) as scripted:
        await followed(scripted, 5)

    assert [asked.get("index") for asked in scripted.asked[:5]] == [None, "7", None, "1", None]


async def test_consul_is_not_asked_again_and_again_without_a_pause(monkeypatch) -> None:
    slept: list[float] = []
    sleep = anyio.sleep

    async def noting(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("marty_chassis.contrib.registry.rate.anyio.sleep", noting)
    with served(Scripted([rows(number) for number in range(1, 20)])) as scripted:
        settings = ConsulSettings(address=scripted.url)
        async with opened(settings) as agent, anyio.create_task_group() as following:
            following.start_soon(agent.follow, "db", lambda services, _: None)
            with anyio.fail_after(10):
                while len(scripted.asked) < 6:
                    await sleep(0.01)
            following.cancel_scope.cancel()

    # Two at once, and then one each half second, less what has passed meanwhile.
    assert len(slept) >= 4
    assert all(seconds > 0 for seconds in slept)
    assert slept[3] > 1


async def test_what_consul_says_is_read_in_the_words_of_the_contract() -> None:
    whole = row(
        "db-1",
        Address="10.0.0.1",
        Port=5432,
        Tags=["main", ""],
        Meta={"scheme": "postgresql", "version": "16", "zone": "a", "team": "x"},
        Weights={"Passing": 3, "Warning": 1},
    )
    bare = row("db-2", node="there", Tags=None, Meta=None, Weights=None)
    bare["Checks"].append({"CheckID": "service:db-2", "Status": "warning"})
    with served(Scripted([rows(7, whole, bare)])) as scripted:
        heard = await followed(scripted, 1)
        heard = heard or await followed(scripted, 2)

    assert list(heard[0]) == [
        {
            "name": "db",
            "id": "db-1",
            "address": "10.0.0.1",
            "port": 5432,
            "scheme": "postgresql",
            "version": "16",
            "tags": ["main"],
            "meta": {"team": "x"},
            "status": "passing",
            "weight": 3,
            "zone": "a",
        },
        {
            "name": "db",
            "id": "db-2",
            "address": "there.example",
            "tags": [],
            "meta": {},
            "status": "warning",
            "weight": 1,
        },
    ]


async def test_two_nodes_may_have_instances_of_one_id() -> None:
    alike = rows(7, row("db", "a"), row("db", "b"), row("db-2", "b"))
    with served(Scripted([alike])) as scripted:
        heard = await followed(scripted, 2)

    assert [service["id"] for service in heard[0]] == ["db@a", "db@b", "db-2"]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (JSONResponse([]), Refused, "KeyError: 'X-Consul-Index'"),
        (rows("many"), Refused, "ValueError: invalid literal"),
        (PlainTextResponse("hello", headers={"X-Consul-Index": "1"}), Refused, "JSONDecodeError"),
        (rows(1, {"Node": {}}), Refused, "KeyError: 'Service'"),
        (rows(1, row("")), Refused, "ValidationError"),
        (PlainTextResponse("No cluster leader", 500), Away, "500 No cluster leader"),
        (PlainTextResponse("slow down", 429), Away, "429 slow down"),
        (PlainTextResponse("Permission\n denied", 403), Refused, "403 Permission denied"),
        (PlainTextResponse("x" * 1000, 503), Away, "x" * 300 + "..."),
    ],
    ids=[
        "no index",
        "an index that is no number",
        "no JSON",
        "no service",
        "a service without an id",
        "no leader",
        "too many questions",
        "no permission",
        "many words",
    ],
)
async def test_an_answer_that_is_none_says_what_it_was(answer, kind, words) -> None:
    with served(Scripted([answer])) as scripted:
        error = await trouble(scripted)

    assert isinstance(error, kind)
    assert str(error).startswith("GET /v1/health/service/db: ")
    assert words in str(error)


async def test_consul_without_a_leader_is_away_to_who_watches_and_not_to_heartbeats(
    agent, shop
) -> None:
    if type(agent).__name__ != "ConsulContract":
        pytest.skip("a real cluster keeps its leader")
    await agent.enter("db", "db-1")

    async with shop(wait=0.2) as host:
        registry = host.context.service_registry
        await registry.discover({"name": "db"})
        await agent.ask("PUT", "/contract/leader/false")
        await until(lambda: host.plugin.link.is_away)
        [stale] = await registry.discover({"name": "db"})
        held = host.plugin.keeper.held
        await agent.ask("PUT", "/contract/leader/true")
        await until(lambda: not host.plugin.link.is_away)
        [fresh] = await registry.discover({"name": "db"})

    assert (stale["stale"], fresh["stale"]) == (True, False)
    assert held == ("shop-1",)
