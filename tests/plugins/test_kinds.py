"""Whatever can be a plugin: classes with and without a base, instances, factories, modules."""

from __future__ import annotations

import types
from typing import Any

import pytest

from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.errors import NotAPlugin
from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin, PluginContext, PluginMetadata, hookimpl, plugin
from marty_hookspecs import metrics_collect

from ..lifecycle.house import assert_nothing_left, house, named, running, states, status


class Bare:
    """Nothing but hooks; what it calls start is its own affair."""

    @hookimpl
    def metrics_collect(self) -> dict[str, float]:
        return {"figure": 1}

    def start(self, engine: str) -> None:
        raise AssertionError


async def test_a_bare_object_has_hooks_and_nothing_else() -> None:
    manager = await running(house(), Bare())

    assert states(manager) == {"bare": State.STARTED}
    assert await manager.hooks.ask(metrics_collect) == [{"figure": 1}]
    await manager.stop()
    assert_nothing_left(manager)


async def test_a_decorated_class_without_a_base_lives_as_far_as_it_wants() -> None:
    calls: list[str] = []

    @plugin(name="light")
    class Light:
        __slots__ = ()

        def initialize(self, context: PluginContext) -> None:
            calls.append(context.name)

    manager = await running(house(), Light)
    await manager.stop()

    assert calls == ["light"]


async def test_an_instance_is_started_as_it_is_and_again() -> None:
    @plugin(name="counting")
    class Counting(IPlugin):
        def __init__(self) -> None:
            self.starts = 0

        async def start(self) -> None:
            self.starts += 1

    one = Counting()
    manager = await running(house(), one)
    await manager.stop("counting")
    await manager.start("counting")

    assert one.starts == 2
    assert manager.supervisor.instance_of("counting") is one
    await manager.stop()


async def test_a_module_that_says_who_it_is_has_a_life() -> None:
    calls: list[str] = []
    module = types.ModuleType("figures")
    module.__dict__.update(
        plugin_metadata=PluginMetadata("figures", "3.0"),
        metrics_collect=hookimpl(specname="metrics_collect")(lambda: {"x": 1}),
        initialize=lambda context: calls.append(context.name),
        stop=lambda: calls.append("stop"),
    )

    manager = await running(house(), module)

    assert status(manager, "figures").version == "3.0"
    assert await manager.hooks.ask(metrics_collect) == [{"x": 1}]
    await manager.stop()
    assert calls == ["figures", "stop"]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_factory_may_say_more_when_it_is_called(asynchronous: bool) -> None:
    kind = named("made", needs=("nowhere",), version="2.0")

    def factory() -> Any:
        async def later() -> Any:
            return kind

        return later() if asynchronous else kind()

    manager = house()
    manager.adopt(
        [
            Candidate(
                "made",
                PluginMetadata("made"),
                Source("entry point", "x:made", "x", "1"),
                target=factory,
                shape="factory",
            )
        ]
    )
    await manager.start()

    one = status(manager, "made")
    assert (one.state, one.blocked_by) == (State.BLOCKED, ("nowhere",))
    assert one.version == "2.0"
    await manager.load(named("nowhere"))
    assert states(manager)["made"] is State.STARTED
    await manager.stop()


async def test_what_is_no_plugin_is_refused() -> None:
    with pytest.raises(NotAPlugin):
        await house().load(object())
