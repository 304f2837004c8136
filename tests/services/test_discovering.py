"""Looking for services: whose answers count, what matches, what is nonsense."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.errors import InvalidService
from marty_chassis.services.answers import matches, merged, selected
from marty_hookspecs import ServiceInfo, ServiceQuery

from .house import House, billing


async def test_the_registrys_own_come_first_then_what_plugins_answer(house: House) -> None:
    await house.plugin("shop").services.register(billing(1))
    house.plugin("static").answering(billing(2), {"name": "mail", "id": "mail-1"})
    house.plugin("consul").answering(billing(3))

    assert await house.ids() == ["billing-1", "billing-3", "billing-2", "mail-1"]
    assert await house.ids(name="billing") == ["billing-1", "billing-3", "billing-2"]


async def test_of_two_with_one_id_the_first_counts(house: House) -> None:
    await house.plugin("shop").services.register(billing(1, port=1))
    house.plugin("consul").answering(billing(1, port=2), billing(2, port=3))
    house.plugin("etcd").answering(billing(2, port=4))

    found = await house.registry.discover()

    assert [service["port"] for service in found] == [1, 3]


async def test_of_two_with_one_id_the_one_that_is_not_stale_counts(house: House) -> None:
    house.plugin("consul").answering(
        billing(1, port=1, stale=True), billing(2, port=2, stale=False)
    )
    house.plugin("etcd").answering(billing(1, port=3, stale=False), billing(2, port=4))
    house.plugin("static").answering(billing(1, port=5), billing(3, port=6, stale=True))

    found = await house.registry.discover()

    assert [(service["port"], service.get("stale")) for service in found] == [
        (3, False),
        (2, False),
        (6, True),
    ]


async def test_what_the_registry_knows_to_be_critical_is_not_revived_by_an_answer(
    house: House,
) -> None:
    await house.plugin("shop").services.register(billing(), ttl=10)
    house.plugin("consul").answering(billing())
    house.clock.now += 11

    assert await house.ids() == []
    assert await house.ids(passing=False) == ["billing-1"]


async def test_answers_of_plugins_are_filtered_as_the_registrys_own_are(house: House) -> None:
    house.plugin("careless").answering(
        billing(1, zone="a", tags=["blue", "new"]),
        billing(2, zone="b"),
        billing(3, status="warning"),
        {"name": "mail", "id": "mail-1"},
    )

    assert await house.ids(name="billing") == ["billing-1", "billing-2"]
    assert await house.ids(zone="a") == ["billing-1"]
    assert await house.ids(tags=["new"]) == ["billing-1"]
    assert await house.ids(passing=False, name="billing") == ["billing-1", "billing-2", "billing-3"]
    assert await house.ids(limit=1) == ["billing-1"]


async def test_every_plugin_gets_the_query_and_none_can_change_it(house: House) -> None:
    seen: list[Any] = []

    def discover(query: Any) -> list[Any]:
        seen.append(dict(query))
        query.clear()
        return []

    house.plugin("consul").implementing("service.discover", discover)
    query: ServiceQuery = {"name": "billing", "limit": 2}

    await house.registry.discover(query)

    assert seen == [{"name": "billing", "limit": 2}]
    assert query == {"name": "billing", "limit": 2}


@pytest.mark.parametrize(
    ("answer", "found", "words"),
    [
        ("billing", [], "it is str, not a list of services; return [] for none"),
        (billing(1), [], "it is dict, not a list of services; return [] for none"),
        (7, [], "it is int, not a list of services"),
        ([billing(1), {"name": "x"}], ["billing-1"], "[1] 'id' is missing"),
        ([7, billing(1)], ["billing-1"], "[0] it is int, not a mapping of its keys"),
        ([{"id": "x", "port": 0}], [], "[0] 'name' is missing; [0] 'port' is 0, not a whole"),
    ],
    ids=["text", "mapping", "number", "no id", "not a service", "no name"],
)
async def test_nonsense_is_the_fault_of_who_answers_it_and_left_out(
    house: House, answer: Any, found: list[str], words: str
) -> None:
    house.plugin("careless").implementing("service.discover", lambda: answer)
    house.plugin("static").answering(billing(5))

    ids = await house.ids()

    [fault] = house.manager.faults.recent("careless")
    assert ids == [*found, "billing-5"]
    assert fault.hook == "service.discover"
    assert "what 'careless' answered to service.discover cannot be used: " in fault.message
    assert words in fault.message


async def test_an_answer_that_fails_while_it_is_read_is_its_plugins_fault(house: House) -> None:
    def stumbling() -> Any:
        yield billing(1)
        raise ValueError("no")

    house.plugin("careless").implementing("service.discover", lambda: iter(stumbling()))
    house.plugin("silent").implementing("service.discover", lambda: None)
    house.plugin("static").answering(billing(5))

    assert await house.ids() == ["billing-5"]
    assert [fault.kind for fault in house.manager.faults.recent("careless")] == ["ValueError"]
    assert house.manager.faults.count("silent") == 0


async def test_a_plugin_that_fails_does_not_keep_the_others_from_answering(house: House) -> None:
    def fail(query: Any) -> Any:
        raise ConnectionError("no agent")

    house.plugin("consul").implementing("service.discover", fail)
    house.plugin("static").answering(billing(5))

    assert await house.ids() == ["billing-5"]
    assert house.manager.faults.count("consul") == 1


async def test_a_request_finds_the_services_of_when_it_began(house: House) -> None:
    shop = house.plugin("shop")
    await shop.services.register(billing(1))

    with house.manager.selector.pin():
        await shop.services.register(billing(2))
        inside = await shop.services.discover()

    assert [service["id"] for service in inside] == ["billing-1"]
    assert await house.ids() == ["billing-1", "billing-2"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"tag": "x"}, "'tag' is no key of a query. Did you mean 'tags'? It has name, tags,"),
        ({1: "x"}, "1 is no key of a query."),
        ("billing", "it is str, not a mapping: {'name': 'billing', 'tags': ['blue']}"),
        ({"tags": "blue"}, "'tags' is 'blue', not a list of texts"),
        ({"limit": 0}, "'limit' is 0, not a whole number, 1 or more"),
        ({"limit": True}, "'limit' is True, not a whole number, 1 or more"),
        ({"passing": "yes"}, "'passing' is 'yes', not True or False"),
        ({"name": ""}, "'name' is '', not a text that is not empty"),
    ],
    ids=str,
)
async def test_a_query_that_makes_no_sense_is_refused_in_words(
    house: House, query: Any, words: str
) -> None:
    looks: list[Any] = [house.registry.discover, house.registry.watch]
    for look in looks:
        with pytest.raises(InvalidService) as raised:
            await look(query)

        assert str(raised.value).startswith("the query for services cannot be used: ")
        assert words in str(raised.value)


infos = st.builds(
    lambda name, number, port, zone, tags, status: billing(
        number, name=name, port=port, zone=zone, tags=tags, status=status
    ),
    st.sampled_from(["billing", "mail"]),
    st.integers(1, 4),
    st.integers(1, 9),
    st.sampled_from(["a", "b"]),
    st.lists(st.sampled_from(["blue", "green"]), max_size=2),
    st.sampled_from(["passing", "critical"]),
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["billing", "mail"]),
        "tags": st.lists(st.sampled_from(["blue", "green"]), max_size=2),
        "passing": st.booleans(),
        "zone": st.sampled_from(["a", "b"]),
        "limit": st.integers(1, 3),
    },
)


@given(lists=st.lists(st.lists(infos, max_size=4), max_size=3))
def test_merging_keeps_the_first_of_each_id_and_the_order(lists: list[list[ServiceInfo]]) -> None:
    every = [service for services in lists for service in services]

    result = merged(lists)

    ids = [service["id"] for service in result]
    assert len(ids) == len(set(ids))
    assert set(ids) == {service["id"] for service in every}
    assert result == [next(s for s in every if s["id"] == id) for id in ids]
    assert [every.index(service) for service in result] == sorted(map(every.index, result))


@given(services=st.lists(infos, max_size=6), query=queries)
def test_what_is_selected_matches_and_nothing_that_matches_is_left_out_below_the_limit(
    services: list[ServiceInfo], query: ServiceQuery
) -> None:
    result = selected(services, query)

    wanted = [service for service in services if matches(service, query)]
    assert result == wanted[: query.get("limit", len(wanted))]
    for service in result:
        assert service["name"] == query.get("name", service["name"])
        assert service["zone"] == query.get("zone", service["zone"])
        assert all(tag in service["tags"] for tag in query.get("tags", []))
        assert service["status"] == "passing" or query.get("passing") is False


async def test_discovery_waits_for_slow_plugins_and_no_longer_than_their_deadline(
    house: House,
) -> None:
    async def slow(query: Any) -> Any:
        await anyio.sleep(0.002)
        return [billing(1)]

    house.plugin("consul").implementing("service.discover", slow)

    assert await house.ids() == ["billing-1"]
