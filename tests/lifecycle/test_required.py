"""Fail closed: which plugins the service cannot do without, and what may not be done to them."""

from __future__ import annotations

from typing import Any

import pytest

from marty_chassis.errors import PluginRequired
from marty_chassis.lifecycle import Missing, State
from marty_chassis.plugins import IMetricsPlugin, IMiddlewarePlugin, PluginManager, hookimpl

from .house import house, named, running, states, status, until


async def process_request(self: Any, request: Any, call_next: Any) -> Any:
    return await call_next(request)


async def fail(self: Any) -> None:
    raise ValueError("no key")


def guard(name: str = "auth", **said: Any) -> type:
    return named(name, IMiddlewarePlugin, process_request=process_request, **said)


def missing(manager: PluginManager) -> list[tuple[str, State | None]]:
    return [(one.name, one.state) for one in manager.missing_required()]


async def test_a_closed_plugin_with_a_section_is_required_from_the_beginning() -> None:
    manager = house({"auth": {"key": "k"}})
    await manager.load(guard(start=fail))
    assert missing(manager) == [("auth", State.DISCOVERED)]

    await manager.start()

    assert missing(manager) == [("auth", State.ERROR)]
    assert "ValueError: no key" in manager.missing_required()[0].reason
    assert status(manager, "auth").failure_policy == "closed"
    assert status(manager, "auth").required
    await manager.stop()


async def test_a_closed_plugin_is_required_once_it_has_served() -> None:
    manager = house()
    await manager.load(guard())
    assert missing(manager) == []

    await running(manager)
    await manager.stop("auth", force=True)

    assert missing(manager) == [("auth", State.STOPPED)]
    await manager.start("auth")
    assert missing(manager) == []
    await manager.stop()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"failure_policy": "open"}, {}),
        ({"required": False}, {"required": True}),
        ({}, {"failure_policy": "open"}),
    ],
)
async def test_the_operator_and_the_plugin_may_say_open(
    settings: dict[str, Any], said: dict[str, Any]
) -> None:
    manager = house({"auth": {}, "settings": {"auth": settings}})
    await manager.load(guard(start=fail, **said))

    await manager.start()

    assert missing(manager) == []
    await manager.stop()


async def test_the_operator_may_close_what_says_open() -> None:
    manager = house({"auth": {}, "settings": {"auth": {"failure_policy": "closed"}}})
    await running(manager, guard(start=fail, failure_policy="open"))

    assert missing(manager) == [("auth", State.ERROR)]
    await manager.stop()


@pytest.mark.parametrize(
    ("plugins", "said"),
    [
        ({"required": ["figures"]}, {}),
        ({"settings": {"figures": {"required": True}}}, {}),
        ({}, {"required": True}),
    ],
)
async def test_any_plugin_is_required_that_is_said_to_be(
    plugins: dict[str, Any], said: dict[str, Any]
) -> None:
    manager = await running(house(plugins), named("figures", IMetricsPlugin, start=fail, **said))

    assert missing(manager) == [("figures", State.ERROR)]
    assert status(manager, "figures").failure_policy is None
    await manager.stop()


async def test_a_required_plugin_that_nobody_has_is_missing() -> None:
    manager = await running(
        house({"required": ["auth"], "settings": {"audit": {"required": True}}})
    )

    assert manager.missing_required() == [
        Missing("audit", None, "No plugin of this name was found, or it was unloaded."),
        Missing("auth", None, "No plugin of this name was found, or it was unloaded."),
    ]
    await manager.stop()


async def test_a_plugin_with_a_section_that_cannot_be_imported_may_be_the_one_that_guards(
    tmp_path: Any,
) -> None:
    from marty_chassis.discovery import discover
    from marty_chassis.settings import ChassisConfig

    (tmp_path / "auth.py").write_text("class Auth(:\n")
    (tmp_path / "other.py").write_text("class Other(:\n")
    config = ChassisConfig(
        plugins={"directories": [str(tmp_path)], "entry_points": "none", "auth": {"key": "k"}}
    )
    manager = PluginManager(config=config)
    manager.adopt(discover(config, faults=manager.faults).candidates)

    await manager.start()

    assert missing(manager) == [("auth", State.ERROR)]
    await manager.stop()


async def test_bare_hookimpls_and_handlers_registered_at_run_time_guard_too() -> None:
    class Doorman:
        @hookimpl
        def middleware_pre_request(self, request: Any) -> None:
            return None

    async def initialize(self: Any, context: Any) -> None:
        context.extension_points.register_handler("middleware.process", other)

    async def other(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    manager = await running(house(), Doorman(), named("late", initialize=initialize))

    await manager.stop("doorman", force=True)
    await manager.stop("late", force=True)

    assert missing(manager) == [("doorman", State.STOPPED), ("late", State.STOPPED)]
    await manager.stop()


async def test_what_is_required_is_not_taken_away_without_force() -> None:
    manager = await running(
        house({"auth": {}}), named("keys"), guard(needs=("keys",)), named("free")
    )

    for refused in (manager.stop, manager.disable, manager.unload):
        with pytest.raises(PluginRequired, match="'auth' is required"):
            await refused("auth")
        with pytest.raises(PluginRequired, match="'keys' would take 'auth' with it"):
            await refused("keys")
    assert set(states(manager).values()) == {State.STARTED}
    await manager.disable("free")

    await manager.disable("keys", force=True)
    assert missing(manager) == [("auth", State.BLOCKED)]
    await manager.stop()


async def test_a_required_plugin_that_was_unloaded_stays_missed() -> None:
    manager = await running(house(), guard())

    await manager.unload("auth", force=True)

    assert missing(manager) == [("auth", None)]
    await manager.load(guard())
    assert missing(manager) == []
    await manager.stop()


async def test_readiness_comes_back_when_the_required_plugin_does() -> None:
    manager = await running(house({"auth": {}}), named("keys"), guard(needs=("keys",)))

    await manager.stop("keys", force=True)
    assert missing(manager) == [("auth", State.BLOCKED)]
    await manager.start("keys")
    await until(lambda: not manager.supervisor.missing)
    await manager.stop()
