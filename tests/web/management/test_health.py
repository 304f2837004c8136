"""How a plugin is: asked at its own interval, once at a time, and never believed blindly."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from marty_chassis.boundary import bounded
from marty_chassis.hooks import Registrations
from marty_chassis.plugins import IHealthPlugin, IPlugin, plugin
from marty_chassis.web.management.health import INTERVAL, Health
from marty_chassis.web.management.models import PluginHealth
from marty_hookspecs import hookimpl

from .conftest import Make, Service

Check = Callable[[], Any]


@plugin(name="database", version="1.0.0")
class Database(IHealthPlugin):
    """Answers what a function gives, and counts."""

    def __init__(self, check: Check, interval: Any = 30) -> None:
        self.check = check
        self.interval = interval
        self.asked = 0

    async def check_health(self) -> Any:
        self.asked += 1
        found = self.check()
        return await found if hasattr(found, "__await__") else found

    def get_health_check_interval(self) -> Any:
        return self.interval


async def asked(service: Service, name: str = "database") -> tuple[int, PluginHealth]:
    response = await service.get(f"/plugins/{name}/health")
    return response.status_code, PluginHealth.model_validate_json(response.content)


async def test_a_healthy_plugin_says_so_with_its_details(make: Make) -> None:
    service = await make(Database(lambda: {"healthy": True, "connections": 5, "dsn_password": "x"}))

    status, found = await asked(service)

    assert status == 200
    assert (found.healthy, found.source, found.state) == (True, "check", "started")
    assert found.details == {"connections": 5, "dsn_password": "***"}
    assert found.interval_seconds == 30
    assert found.age_seconds is not None
    assert found.age_seconds < 1
    assert found.checked_at is not None


async def test_a_plugin_that_says_no_is_503(make: Make) -> None:
    service = await make(Database(lambda: {"healthy": False, "lag": 7}))

    status, found = await asked(service)

    assert status == 503
    assert found.reason == "It says that it is not healthy."
    assert found.details == {"lag": 7}


@pytest.mark.parametrize(("said", "healthy"), [(True, True), (False, False)])
async def test_a_bare_bool_is_enough(make: Make, said: bool, healthy: bool) -> None:
    service = await make(Database(lambda: said))

    _, found = await asked(service)

    assert (found.healthy, found.source) == (healthy, "check")


def circle() -> dict[str, Any]:
    found: dict[str, Any] = {"healthy": True}
    found["self"] = found
    return found


class Nasty:
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("fine", "the answer is a str"),
        (1, "the answer is a int"),
        ([], "the answer is a list"),
        ({}, "the answer has no 'healthy'"),
        ({"healthy": "yes"}, "'healthy' is a str"),
        ({"healthy": 1}, "'healthy' is a int"),
        ({"healthy": True, "lag": math.nan}, "ValueError"),
        ({"healthy": True, "much": "x" * 30_000}, "characters long; 20000 are shown"),
        ({"healthy": True, Nasty(): 1}, "RuntimeError"),
    ],
)
async def test_nonsense_is_unhealthy_with_the_reason_and_a_fault(
    make: Make, said: Any, reason: str
) -> None:
    service = await make(Database(lambda: said))

    status, found = await asked(service)

    assert status == 503
    assert not found.healthy
    assert reason in found.reason
    assert service.faults.count("database") >= 1


async def test_an_endless_answer_is_nonsense_too(make: Make) -> None:
    service = await make(Database(circle))

    _, found = await asked(service)

    assert "RecursionError" in found.reason


async def test_an_object_in_the_details_is_only_named(make: Make) -> None:
    service = await make(Database(lambda: {"healthy": True, "pool": Nasty()}))

    _, found = await asked(service)

    assert found.details == {"pool": "<Nasty>"}


@pytest.mark.parametrize("error", [RuntimeError("gone"), SystemExit(1), BaseException("all")])
async def test_a_check_that_raises_is_unhealthy(make: Make, error: BaseException) -> None:
    def check() -> Any:
        raise error

    service = await make(Database(check))

    status, found = await asked(service)

    assert status == 503
    assert f"hook health.check failed: {type(error).__name__}" in found.reason


async def test_a_check_that_is_late_is_unhealthy(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def impatient(call: Any, seconds: float, name: str, *, strays: Any) -> Any:
        return await bounded(call, 0.02, name, strays=strays)

    monkeypatch.setattr("marty_chassis.hooks.answers.bounded", impatient)
    service = await make(Database(anyio.sleep_forever))

    status, found = await asked(service)

    assert status == 503
    assert "DeadlineExceeded" in found.reason


async def test_a_plugin_without_a_check_is_as_its_state_says(make: Make) -> None:
    @plugin(name="plain")
    class Plain(IPlugin):
        pass

    @plugin(name="sick")
    class Sick(IPlugin):
        async def start(self) -> None:
            raise RuntimeError("not today")

    service = await make(Plain, Sick)

    good, plain = await asked(service, "plain")
    bad, sick = await asked(service, "sick")

    assert (good, plain.healthy, plain.source) == (200, True, "state")
    assert (bad, sick.healthy, sick.state) == (503, False, "error")
    assert "not today" in sick.reason
    assert (sick.checked_at, sick.age_seconds) == (None, None)


async def test_a_check_with_nothing_to_say_leaves_it_to_the_state(make: Make) -> None:
    service = await make(Database(lambda: None))

    status, found = await asked(service)

    assert (status, found.source, found.reason) == (200, "state", "It has nothing to say.")


async def test_a_plugin_with_two_checks_is_healthy_when_both_are(make: Make) -> None:
    @plugin(name="two")
    class Two(IPlugin):
        async def initialize(self, context: Any) -> None:
            point = context.extension_points
            point.register_handler("health.check", lambda: {"healthy": True, "a": 1})
            point.register_handler("health.check", lambda: {"healthy": self.second, "b": 2})

        second = True

    two = Two()
    service = await make(two)

    _, first = await asked(service, "two")
    two.second = False
    await service.health.close()
    _, second = await asked(service, "two")

    assert (first.healthy, first.details) == (True, {"a": 1, "b": 2})
    assert second.healthy is False


async def test_who_is_no_plugin_may_have_a_check(make: Make) -> None:
    class Foreign:
        @hookimpl
        def health_check(self) -> Any:
            return True

    service = await make()
    service.manager.register(Foreign(), "foreign")

    status, found = await asked(service, "foreign")

    assert (status, found.healthy, found.state) == (200, True, None)


# The cache ----------------------------------------------------------------------------------------


async def eventually(claim: Callable[[], bool]) -> None:
    with anyio.fail_after(1.5):
        while not claim():
            await anyio.sleep(0.005)


async def test_each_plugin_is_asked_at_its_own_interval(make: Make) -> None:
    often, seldom = Database(lambda: True, 0.02), Database(lambda: True, 600)
    service = await make(often)

    await eventually(lambda: often.asked > 3)
    assert service.health.watches("database")
    other = await make(seldom)
    await eventually(lambda: seldom.asked == 1)
    await anyio.sleep(0.05)

    assert seldom.asked == 1
    assert other.health.checked("database") is not None


async def test_readers_get_the_cache_and_never_ask(make: Make) -> None:
    database = Database(lambda: True, 600)
    service = await make(database)
    await eventually(lambda: service.health.checked("database") is not None)

    for _ in range(5):
        await asked(service)
        await service.get("/health", None)
        await service.get("/health")

    assert database.asked == 1


async def test_many_who_ask_first_ask_once(make: Make) -> None:
    async def check() -> Any:
        await anyio.sleep(0.05)
        return True

    database = Database(check, 600)
    service = await make(database)
    await service.management.stop()
    found: list[int] = []

    async def ask() -> None:
        found.append((await asked(service))[0])

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(ask)

    assert found == [200] * 10
    assert database.asked == 1


async def test_who_leaves_while_asking_leaves_the_others_their_answer(make: Make) -> None:
    async def check() -> Any:
        await anyio.sleep(0.05)
        return True

    database = Database(check, 600)
    service = await make(database)
    await service.management.stop()
    found: list[int] = []

    async def stay() -> None:
        found.append((await asked(service))[0])

    async with anyio.create_task_group() as group:
        with anyio.move_on_after(0.01):
            group.start_soon(stay)
            await asked(service)

    assert found == [200]
    assert database.asked == 1


async def test_what_an_earlier_run_said_is_no_news(make: Make) -> None:
    database = Database(lambda: True, 600)
    service = await make(database)
    await asked(service)

    await service.manager.disable("database")
    gone = service.health.checked("database")
    status, found = await asked(service)
    await service.manager.enable("database")
    await asked(service)

    assert gone is None
    assert (status, found.state) == (503, "disabled")
    assert database.asked == 2


async def test_a_check_that_is_registered_later_is_noticed(make: Make) -> None:
    service = await make()

    class Foreign:
        @hookimpl
        def health_check(self) -> Any:
            return True

    service.manager.register(Foreign(), "foreign")
    await eventually(lambda: service.health.checked("foreign") is not None)
    service.manager.unregister(name="foreign")

    assert service.health.checked("foreign") is None
    assert list(service.health.outcomes()) == []


@pytest.mark.parametrize("said", [0, -1, math.nan, math.inf, True, "10", None])
async def test_an_interval_that_is_none_is_thirty_seconds(make: Make, said: Any) -> None:
    service = await make()
    registrations = Registrations(service.manager, "foreign")
    registrations.add_handler("health.check", lambda: True, facts={"interval": said})
    registrations.publish()

    _, found = await asked(service, "foreign")

    assert found.interval_seconds == INTERVAL


async def test_a_wrapper_around_checks_is_none_itself(make: Make) -> None:
    class Wraps:
        @hookimpl(wrapper=True)
        def health_check(self) -> Any:
            return (yield)

    service = await make()
    service.manager.register(Wraps(), "wraps")

    assert not service.health.watches("wraps")


async def test_no_plugin_is_asked_more_often_than_each_second(make: Make) -> None:
    service = await make(Database(lambda: True, 0.001))
    health = Health(service.manager, service.supervisor)

    found = await health.first("database")

    assert found is not None
    assert found.interval == 1.0


async def test_a_check_that_hangs_delays_no_other(make: Make) -> None:
    @plugin(name="hangs")
    class Hangs(IHealthPlugin):
        async def check_health(self) -> Any:
            await anyio.sleep_forever()

    database = Database(lambda: True, 0.02)
    service = await make(Hangs, database)

    await eventually(lambda: database.asked > 3)
    assert service.health.checked("hangs") is None
    await service.management.stop()

    assert repr(service.health) == "<Health of 0 plugins, 0 asked just now>"


async def test_an_answer_that_nobody_waits_for_any_more_disturbs_no_other(make: Make) -> None:
    go = anyio.Event()

    async def check() -> Any:
        await go.wait()
        return True

    database = Database(check, 600)
    service = await make(database)
    await service.management.stop()
    found: list[bool] = []

    async def ask() -> None:
        checked = await service.health.first("database")
        found.append(checked is not None)

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        service.health.forget()
        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        go.set()

    assert found == [True, True]
    assert database.asked == 2


async def test_starting_and_stopping_twice_is_as_once(make: Make) -> None:
    database = Database(lambda: True, 0.02)
    service = await make(database)

    await service.management.start()
    await eventually(lambda: database.asked > 1)
    await service.management.stop()
    await service.management.stop()
    asked_so_far = database.asked
    await anyio.sleep(0.05)

    assert database.asked == asked_so_far
    assert "returned" not in repr(service.management)
