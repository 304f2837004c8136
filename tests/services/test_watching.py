"""Watching: everything that matches, at once and at each change, never more than the newest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel

from marty_hookspecs import ServiceInfo

from .house import House, billing


async def following(watched: AsyncIterator[list[ServiceInfo]]) -> list[str]:
    with anyio.fail_after(1):
        return [service["id"] for service in await anext(watched)]


async def closed(watched: Any) -> None:
    await watched.aclose()


async def test_a_watcher_gets_all_at_once_and_then_each_change(house: House) -> None:
    shop = house.plugin("shop")
    await shop.services.register(billing(1))
    watched = shop.services.watch({"name": "billing"})

    first = await following(watched)
    await shop.services.register(billing(2))
    second = await following(watched)
    await shop.services.unregister("billing-1")
    third = await following(watched)

    assert (first, second, third) == (["billing-1"], ["billing-1", "billing-2"], ["billing-2"])
    await closed(watched)


async def test_a_watcher_waits_while_nothing_that_it_wants_changes(house: House) -> None:
    shop = house.plugin("shop")
    watched = house.registry.watch({"name": "billing"})
    assert await following(watched) == []

    async with anyio.create_task_group() as group:
        seen: list[list[str]] = []

        async def watch() -> None:
            seen.append(await following(watched))

        group.start_soon(watch)
        await anyio.lowlevel.checkpoint()
        await shop.services.register({"name": "mail", "id": "mail-1"})
        await anyio.sleep(0.002)
        before = list(seen)
        await shop.services.register(billing(1))

    assert before == []
    assert seen == [["billing-1"]]
    await closed(watched)


async def test_who_looks_slowly_gets_the_newest_and_not_what_came_in_between(
    house: House,
) -> None:
    shop = house.plugin("shop")
    watched = house.registry.watch()
    assert await following(watched) == []

    for number in range(5):
        await shop.services.register(billing(number))

    assert len(await following(watched)) == 5
    await closed(watched)


async def test_a_watcher_sees_what_a_reload_brings(house: House) -> None:
    watched = house.registry.watch()
    assert await following(watched) == []

    staged = house.plugin("shop", staged=True)
    await staged.services.register(billing(1))
    staged.registrations.publish()

    assert await following(watched) == ["billing-1"]
    await closed(watched)


async def test_a_watcher_within_a_request_sees_what_changes_after_it_began(house: House) -> None:
    shop = house.plugin("shop")

    with house.manager.selector.pin():
        watched = house.registry.watch()
        first = await following(watched)
        await shop.services.register(billing(1))
        second = await following(watched)
        await closed(watched)

    assert (first, second) == ([], ["billing-1"])


async def test_what_plugins_know_is_asked_again_from_time_to_time(house: House) -> None:
    known: list[Any] = []
    house.plugin("consul").implementing("service.discover", lambda: list(known))
    watched = house.registry.watch(every=0.002)
    assert await following(watched) == []

    known.append(billing(7))

    assert await following(watched) == ["billing-7"]
    await closed(watched)


async def test_a_watcher_sees_a_service_become_critical_and_come_back(house: House) -> None:
    shop = house.plugin("shop")
    await shop.services.register(billing(1), ttl=10)
    watched = house.registry.watch(every=0.002)
    first = await following(watched)

    house.clock.now += 11
    second = await following(watched)
    await shop.services.heartbeat("billing-1")
    third = await following(watched)

    assert (first, second, third) == (["billing-1"], [], ["billing-1"])
    await closed(watched)


async def test_a_watcher_wakes_by_itself_when_a_heartbeat_is_missing(house: House) -> None:
    shop = house.plugin("shop")
    await shop.services.register(billing(1), ttl=0.02)
    watched = house.registry.watch(every=60)
    assert await following(watched) == ["billing-1"]
    # The clock of the house stands still until now, the watcher's waiting does not.
    house.clock.now += 0.021

    assert await following(watched) == []
    await closed(watched)


async def test_what_a_watcher_does_with_its_list_changes_nothing(house: House) -> None:
    shop = house.plugin("shop")
    await shop.services.register(billing(1))
    watched = house.registry.watch()

    first = await anext(watched)
    first[0]["port"] = 1
    first.clear()
    await shop.services.register(billing(2))

    assert await following(watched) == ["billing-1", "billing-2"]
    await closed(watched)
