"""One frozen generation: what is staged is not seen, what was begun with is kept."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.errors import ExtensionPointClash
from marty_chassis.hooks import (
    ExtensionPoint,
    ExtensionPointManager,
    Generation,
    HookManager,
    Part,
    Registrations,
)
from marty_hookspecs import ExtensionPointType, metrics_collect

NAMES: Part[str, tuple[tuple[str, str], ...]] = Part("names", lambda g: tuple(g.entries(NAMES)))


def plugin(manager: HookManager, name: str, answer: object) -> Registrations:
    registrations = Registrations(manager, name)
    registrations.add_handler("metrics.collect", lambda: answer)
    return registrations


async def test_what_is_staged_is_not_seen_and_appears_at_once(manager) -> None:
    one = plugin(manager, "one", 1)
    one.add_handler("metrics.collect", lambda: 11)
    one.add(NAMES, "first")
    before = manager.current

    assert await manager.hooks.ask(metrics_collect) == []
    assert manager.current is before

    one.publish()

    assert await manager.hooks.ask(metrics_collect) == [1, 11]
    assert manager.current.part(NAMES) == (("one", "first"),)
    assert manager.current.number == before.number + 1


async def test_after_that_every_change_is_seen_at_once(manager) -> None:
    one = plugin(manager, "one", 1)
    one.publish()

    added = one.add_handler("metrics.collect", lambda: 2)
    assert await manager.hooks.ask(metrics_collect) == [1, 2]

    one.remove_handler(added)
    one.add(NAMES, "x")
    one.remove(NAMES, "x")
    one.remove(NAMES, "never there")
    assert await manager.hooks.ask(metrics_collect) == [1]
    assert manager.current.part(NAMES) == ()


async def test_a_request_keeps_the_generation_it_began_with(manager) -> None:
    old = plugin(manager, "one", "old")
    old.publish()
    new = plugin(manager, "one", "new")

    with manager.selector.pin():
        new.publish()
        assert await manager.hooks.ask(metrics_collect) == ["old"]

    assert await manager.hooks.ask(metrics_collect) == ["new"]


async def test_the_pin_reaches_the_tasks_that_a_request_starts(manager) -> None:
    plugin(manager, "one", "old").publish()
    seen = []

    async def child() -> None:
        seen.append(await manager.hooks.ask(metrics_collect))

    with manager.selector.pin():
        plugin(manager, "one", "new").publish()
        async with anyio.create_task_group() as group:
            group.start_soon(child)

    assert seen == [["old"]]


async def test_what_outlives_the_request_asks_the_current_generation(manager) -> None:
    plugin(manager, "one", "old").publish()
    over = anyio.Event()
    seen = []

    async def child() -> None:
        await over.wait()
        seen.append(await manager.hooks.ask(metrics_collect))

    async with anyio.create_task_group() as group:
        with manager.selector.pin():
            group.start_soon(child)
        plugin(manager, "one", "new").publish()
        over.set()

    assert seen == [["new"]]


async def test_the_old_one_of_a_plugin_does_not_withdraw_the_new_one(manager) -> None:
    old, new = plugin(manager, "one", "old"), plugin(manager, "one", "new")
    old.publish()
    new.publish()

    old.withdraw()

    assert not old.visible
    assert await manager.hooks.ask(metrics_collect) == ["new"]


async def test_draining_waits_for_requests_that_may_still_use_it(manager) -> None:
    one = plugin(manager, "one", 1)
    one.publish()

    async with anyio.create_task_group() as group:
        with manager.selector.pin():
            withdrawn = one.withdraw()
            assert withdrawn is not None
            assert manager.selector.uses(withdrawn) == 1
            assert not await manager.selector.drained(withdrawn, 0.01)
            drained = []

            async def drain() -> None:
                drained.append(await manager.selector.drained(withdrawn, 5))

            group.start_soon(drain)
            await anyio.wait_all_tasks_blocked()
            assert drained == []

    assert drained == [True]
    assert manager.selector.uses(withdrawn) == 0


async def test_draining_waits_for_requests_from_before_the_plugin_changed_itself(manager) -> None:
    registrations = plugin(manager, "one", {"a": 1})
    registrations.publish()

    with manager.selector.pin():
        registrations.add_handler("metrics.collect", lambda: {"b": 2})
        withdrawn = registrations.withdraw()
        early = await manager.selector.drained(withdrawn, 0.01)

    assert early is False
    assert await manager.selector.drained(withdrawn, 0.01)


async def test_draining_waits_for_calls_under_way(manager) -> None:
    started, go = anyio.Event(), anyio.Event()

    async def slow(data):
        started.set()
        await go.wait()
        return "done"

    one = Registrations(manager, "one")
    one.add_point(ExtensionPoint("a.point", ExtensionPointType.ACTION, "", {"data": "int"}))
    one.add_handler("a.point", slow)
    one.publish()
    answers = []

    async def ask() -> None:
        answers.append(await manager.hooks.call("a.point", 1))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await started.wait()
        withdrawn = one.withdraw()
        assert withdrawn is not None
        assert not await manager.selector.drained(withdrawn, 0.01)
        go.set()
        assert await manager.selector.drained(withdrawn, 5)

    assert answers == [["done"]]


async def test_a_change_elsewhere_does_not_make_anybody_wait(manager) -> None:
    plugin(manager, "one", 1).publish()
    with manager.selector.pin():
        other = plugin(manager, "other", 2)
        other.publish()
        withdrawn = other.withdraw()

        assert withdrawn is not None
        assert await manager.selector.drained(withdrawn, 0)


async def test_several_plugins_change_places_in_one_generation(manager) -> None:
    one, two = plugin(manager, "one", 1), plugin(manager, "two", 2)
    one.publish()
    before = manager.current.number
    kept = one.contribution()
    manager.publish(kept)

    manager.publish(two.contribution(), withdraw=[kept])

    assert await manager.hooks.ask(metrics_collect) == [2]
    assert manager.current.number == before + 2


async def test_what_a_part_makes_is_made_once_for_each_generation(manager) -> None:
    numbers: list[int] = []

    def build(generation: Generation) -> int:
        numbers.append(generation.number)
        return len(numbers)

    counting: Part[int, int] = Part("counting", build)
    generation = manager.current

    assert (generation.part(counting), generation.part(counting)) == (1, 1)
    plugin(manager, "one", 1).publish()

    assert manager.current.part(counting) == 2


async def test_two_points_of_one_name_and_another_form_clash_and_change_nothing(manager) -> None:
    points = [
        ExtensionPointManager(registrations)
        for registrations in (Registrations(manager, "one"), Registrations(manager, "two"))
    ]
    one = ExtensionPoint("a.point", parameters={"data": "int"})
    points[0].register_extension_point(one)
    points[0]._registrations.publish()
    before = manager.current

    with pytest.raises(ExtensionPointClash, match=r"'a\.point' clashes with 'a\.point'"):
        manager.publish(
            _with_point(manager, "two", ExtensionPoint("a.point", parameters={"other": "int"}))
        )
    with pytest.raises(ExtensionPointClash, match=r"'service\.discover'"):
        manager.publish(_with_point(manager, "two", ExtensionPoint("service.discover")))

    assert manager.current is before


def _with_point(manager: HookManager, name: str, point: ExtensionPoint):
    registrations = Registrations(manager, name)
    registrations.add_point(point)
    return registrations.contribution()


async def test_a_point_survives_its_owners_reload_and_may_change_its_form(manager) -> None:
    def owner(parameters):
        registrations = Registrations(manager, "owner")
        registrations.add_point(
            ExtensionPoint("a.point", ExtensionPointType.ACTION, "", parameters)
        )
        return registrations

    owner({"data": "int"}).publish()
    guest = Registrations(manager, "guest")
    guest.add_handler("a.point", lambda data: data)
    guest.publish()

    owner({"data": "int", "more": "int"}).publish()

    assert await manager.hooks.call("a.point", 1, 2) == [1]
    assert manager.hook.a_point(data=1, more=2) == [1]


async def test_handlers_of_a_point_that_has_left_sleep_until_it_returns(manager) -> None:
    owner = Registrations(manager, "owner")
    owner.add_point(ExtensionPoint("a.point", ExtensionPointType.ACTION, "", {"data": "int"}))
    owner.publish()
    guest = Registrations(manager, "guest")
    guest.add_handler("a.point", lambda data: data)
    guest.publish()

    owner.withdraw()
    assert "a_point" not in manager.current.points
    owner.add_handler("a.point", lambda data: -data)
    owner.publish()

    assert await manager.hooks.call("a.point", 1) == [1, -1]


async def test_services_in_one_process_never_meet() -> None:
    one, two = HookManager(), HookManager()
    plugin(one, "one", 1).publish()

    with one.selector.pin():
        assert await two.hooks.ask(metrics_collect) == []
        assert two.selector.pinned() is two.current
