"""What others have registered is found, and watched from then on."""

from __future__ import annotations

import anyio

from ..registries import until


async def ids(host, **query) -> list[str]:
    found = await host.context.service_registry.discover(query)
    return [service["id"] for service in found]


async def test_the_first_who_looks_for_a_service_finds_it(registry, shop) -> None:
    await registry.enter("db", "db-1", port=5432, tags=["main"])

    async with shop() as host:
        found = await host.context.service_registry.discover({"name": "db"})

    assert found == [
        {
            "name": "db",
            "id": "db-1",
            "address": "10.0.0.1",
            "port": 5432,
            "tags": ["main"],
            "meta": {},
            "status": "passing",
            "weight": 1,
            "stale": False,
        }
    ]


async def test_what_changes_is_known_without_asking_the_registry(registry, shop) -> None:
    async with shop() as host:
        nobody = await ids(host, name="db")

        await registry.enter("db", "db-1")
        await until(lambda: ids(host, name="db"))
        await registry.enter("db", "db-2")
        both = await until(lambda: _as_many(host, 2))
        await registry.remove("db", "db-1")
        one = await until(lambda: _as_many(host, 1))

    assert nobody == []
    assert sorted(both) == ["db-1", "db-2"]
    assert one == ["db-2"]


async def test_a_watch_goes_on_when_nothing_happens_for_longer_than_it_waits(
    registry, backend
) -> None:
    answers: list[list[str]] = []

    def heard(services, mark) -> None:
        answers.append([service["id"] for service in services])

    async with backend(wait=0.1) as process, anyio.create_task_group() as following:
        following.start_soon(process.follow, "db", heard)
        await until(lambda: len(answers) > 3)
        await registry.enter("db", "db-1")
        await until(lambda: answers[-1] == ["db-1"])
        following.cancel_scope.cancel()

    assert answers[:4] == [[], [], [], []]


async def test_what_this_process_has_registered_is_there_once_as_itself(registry, shop) -> None:
    async with shop(tags=["from-elsewhere"]) as host:
        await until(lambda: registry.found("shop"))

        found = await host.context.service_registry.discover({"name": "shop"})

    assert [service["id"] for service in found] == ["shop-1"]
    assert found[0]["tags"] == []
    assert "stale" not in found[0]


async def test_a_query_restricts_what_is_found(registry, shop) -> None:
    await registry.enter("db", "db-1", zone="a", tags=["main", "new"])
    await registry.enter("db", "db-2", zone="b", tags=["main"])
    await registry.enter("db", "db-3", zone="b", status="critical")
    await registry.enter("db", "db-4", status="warning")

    async with shop() as host:
        assert sorted(await ids(host, name="db")) == ["db-1", "db-2"]
        assert await ids(host, name="db", tags=["main", "new"]) == ["db-1"]
        assert await ids(host, name="db", zone="b") == ["db-2"]
        assert len(await ids(host, name="db", limit=1)) == 1
        every = await host.context.service_registry.discover({"name": "db", "passing": False})

    assert {service["id"]: service["status"] for service in every} == {
        "db-1": "passing",
        "db-2": "passing",
        "db-3": "critical",
        "db-4": "warning",
    }


async def test_without_a_name_what_is_watched_already_is_found(registry, shop) -> None:
    await registry.enter("db", "db-1")
    await registry.enter("mail", "mail-1")

    async with shop() as host:
        await ids(host, name="db")

        assert await ids(host) == ["shop-1", "db-1"]


async def test_a_service_that_nobody_looks_for_is_not_watched_any_more(registry, shop) -> None:
    async with shop(idle=0.2) as host:
        await ids(host, name="db")
        watched = len(host.plugin.watches)

        await until(lambda: len(host.plugin.watches) == 0)

        assert watched == 1
        assert len(host.context.tasks) == 1


async def test_many_watches_leave_room_for_calls(registry, shop) -> None:
    async with shop() as host:
        for number in range(40):
            await ids(host, name=f"db{number}")

        await host.context.service_registry.register(
            {"name": "mail", "id": "mail-1", "address": "10.0.0.9", "port": 25}
        )

        assert await until(lambda: registry.found("mail"))
        assert len(host.plugin.watches) == 40


async def _as_many(host, number: int) -> list[str]:
    found = await ids(host, name="db")
    return found if len(found) == number else []
