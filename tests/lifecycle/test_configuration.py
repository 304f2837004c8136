"""Plugins that answer `config.load` are asked before any plugin is initialized."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from marty_chassis.errors import InvalidConfiguration, StartAborted
from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin, PluginContext, PluginManager, hookimpl, plugin

from .house import assert_nothing_left, house, named, running, states, status, until

ASKED: list[str] = []


def vault(answer: Any, name: str = "vault", priority: int | None = None) -> type:
    @plugin(name=name)
    class Vault(IPlugin):
        @hookimpl(priority=priority)
        async def config_load(self, config_name: str) -> Any:
            assert not hasattr(self, "context")
            ASKED.append(config_name)
            if isinstance(answer, BaseException):
                raise answer
            return answer

    return Vault


def mailer(seen: list[Any]) -> type:
    async def initialize(self: IPlugin, context: PluginContext) -> None:
        seen.append(context.get_config("host", "nowhere"))

    return named("mailer", initialize=initialize)


async def test_answers_become_configuration_before_anybody_is_initialized() -> None:
    seen: list[Any] = []
    ASKED.clear()
    manager = await running(
        house(),
        mailer(seen),
        vault({"plugins": {"mailer": {"host": "mail.internal"}}}),
        vault({"plugins": {"mailer": {"host": "other"}}}, "second", priority=1),
    )

    assert seen == ["other"]
    assert ASKED == ["marty-service", "marty-service"]
    assert set(states(manager).values()) == {State.STARTED}
    assert status(manager, "vault").generation == 1
    assert manager.config.plugins.section("mailer") == {"host": "other"}
    await manager.stop()


async def test_an_answer_that_fails_is_reported_and_the_rest_starts() -> None:
    seen: list[Any] = []
    manager = await running(house(), mailer(seen), vault(ValueError("sealed")))

    assert seen == ["nowhere"]
    assert set(states(manager).values()) == {State.STARTED}
    assert manager.faults.recent("vault")[0].hook == "config.load"
    await manager.stop()


async def test_a_required_plugin_that_fails_there_stops_the_start() -> None:
    with pytest.raises(StartAborted, match="sealed"):
        await running(house({"required": ["vault"]}), vault(ValueError("sealed")), named("one"))


async def test_a_configuration_that_cannot_be_used_stops_the_start() -> None:
    manager = house()
    await manager.load(vault({"service": {"port": "none"}}))

    with pytest.raises(InvalidConfiguration, match=r"config\.load:vault"):
        await manager.start()

    assert not manager.supervisor.running
    assert states(manager) == {"vault": State.STOPPED}
    assert_nothing_left(manager)


async def test_a_plugin_that_is_blocked_may_still_have_been_asked() -> None:
    manager: PluginManager = await running(house(), named("one"), _leaning())

    assert states(manager) == {"one": State.STARTED, "vault": State.BLOCKED}
    await manager.stop()


async def test_a_stop_breaks_off_who_is_being_asked_and_asks_nobody_else() -> None:
    asked: list[str] = []

    class Slow(IPlugin):
        @hookimpl
        async def config_load(self, config_name: str) -> Any:
            asked.append("config.load")
            await anyio.sleep_forever()

        async def start(self) -> None:
            raise AssertionError("it has been stopped")

    manager = house()
    for name in ("one", "two"):
        await manager.load(plugin(name=name)(type(name, (Slow,), {})))

    async with anyio.create_task_group() as group:
        group.start_soon(manager.start)
        await until(lambda: bool(asked))
        assert await manager.stop() == ()

    assert asked == ["config.load"]
    assert states(manager) == {"one": State.STOPPED, "two": State.STOPPED}
    assert not manager.supervisor.running
    assert_nothing_left(manager)


def _leaning() -> type:
    kind = vault({"service": {"name": "renamed"}})
    return plugin(name="vault", dependencies=["nowhere"])(kind)
