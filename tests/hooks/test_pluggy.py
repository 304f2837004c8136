"""To anyone who uses it as pluggy's manager, ours is pluggy's."""

from __future__ import annotations

import pluggy
import pytest

from marty_chassis.hooks import HookManager, Registrations
from marty_hookspecs import (
    hookimpl,
    metrics_collect,
    middleware_process,
    service_pre_register,
)

plain = pluggy.HookimplMarker("marty")


class Metrics:
    @plain
    def metrics_collect(self):
        return {"queue": 3}


async def test_register_registers_the_object_itself(manager) -> None:
    plugin = Metrics()

    name = manager.register(plugin)

    assert manager.get_plugin(name) is plugin
    assert manager.is_registered(plugin)
    assert manager.hook.metrics_collect() == [{"queue": 3}]
    assert await manager.hooks.ask(metrics_collect) == [{"queue": 3}]
    assert manager.unregister(plugin) is plugin
    assert await manager.hooks.ask(metrics_collect) == []
    assert manager.hook.metrics_collect() == []


async def test_a_blocked_name_stays_out(manager) -> None:
    manager.set_blocked("metrics")

    assert manager.register(Metrics(), "metrics") is None
    assert await manager.hooks.ask(metrics_collect) == []


def test_registering_twice_is_pluggys_error_and_changes_nothing(manager) -> None:
    plugin = Metrics()
    manager.register(plugin, "one")

    with pytest.raises(ValueError, match="already registered"):
        manager.register(plugin, "two")

    assert manager.list_name_plugin() == [("one", plugin)]


def test_what_the_lifecycle_publishes_is_seen_by_pluggy_through_an_adapter(manager) -> None:
    registrations = Registrations(manager, "audit")
    registrations.read(Metrics())
    registrations.publish()

    assert manager.hook.metrics_collect() == [{"queue": 3}]
    assert manager.has_plugin("audit")

    registrations.withdraw()
    assert not manager.has_plugin("audit")
    assert manager.hook.metrics_collect() == []


def test_a_class_a_module_and_an_instance_can_be_read(manager) -> None:
    import types

    module = types.ModuleType("bare")
    module.metrics_collect = plain(lambda: {"module": 1})  # type: ignore[attr-defined]

    class Static:
        @staticmethod
        @hookimpl
        def metrics_collect():
            return {"class": 1}

    for number, plugin in enumerate([module, Static, Metrics()]):
        registrations = Registrations(manager, f"p{number}")
        registrations.read(plugin)
        registrations.publish()

    assert sorted(manager.hook.metrics_collect(), key=str) == [
        {"class": 1},
        {"module": 1},
        {"queue": 3},
    ]


def test_the_options_of_a_function_are_never_written_to(manager) -> None:
    before = dict(Metrics.metrics_collect.marty_impl)  # type: ignore[attr-defined]

    manager.register(Metrics())

    assert Metrics.metrics_collect.marty_impl == before  # type: ignore[attr-defined]


async def test_specifications_that_are_pluggys_own_are_asked_too(manager) -> None:
    class Specs:
        @staticmethod
        @pluggy.HookspecMarker("marty")
        def my_hook(one, two): ...

    class Plugin:
        @plain
        def my_hook(self, two):
            return two

    manager.register(Plugin(), "early")
    manager.add_hookspecs(Specs)

    assert await manager.hooks.call("my_hook", 1, 2) == [2]
    assert manager.hook.my_hook(one=1, two=2) == [2]


def test_another_projects_manager_has_no_contract() -> None:
    assert not hasattr(HookManager("example").hook, "metrics_collect")


async def test_a_wrapper_stands_around_asynchronous_handlers(manager) -> None:
    seen = []

    class Inner:
        @hookimpl
        async def service_pre_register(self, service_info):
            seen.append("inner")
            return {**service_info, "tags": ["inner"]}

    class Outer:
        @hookimpl(wrapper=True)
        def service_pre_register(self, service_info):
            seen.append("before")
            result = yield
            seen.append("after")
            return {**result, "name": "wrapped"}

    manager.register(Inner())
    manager.register(Outer())

    result = await manager.hooks.ask(service_pre_register, {"name": "billing"})

    assert result == {"name": "wrapped", "tags": ["inner"]}
    assert seen == ["before", "inner", "after"]


@pytest.mark.parametrize("where", ["before", "after", "twice", "never"])
async def test_a_broken_wrapper_is_left_out(manager, where) -> None:
    class Broken:
        @hookimpl(wrapper=True)
        def service_pre_register(self, service_info):
            if where == "before":
                raise ValueError("before")
            if where != "never":
                yield
            if where == "after":
                raise ValueError("after")
            if where == "twice":
                yield
            return None

    class Good:
        @hookimpl
        def service_pre_register(self, service_info):
            return {"name": "good"}

    manager.register(Broken(), "broken")
    manager.register(Good(), "good")

    assert await manager.hooks.ask(service_pre_register, {"name": "x"}) == {"name": "good"}
    assert len(manager.faults.recent("broken")) == 1


async def test_a_wrapper_sees_the_error_inside_and_may_replace_it(manager) -> None:
    async def call_next(value):
        raise LookupError("inside")

    class Rescue:
        @hookimpl(wrapper=True)
        def middleware_process(self, request, call_next):
            try:
                yield
            except LookupError as error:
                return f"rescued {error}"

    manager.register(Rescue())

    assert await manager.hooks.ask(middleware_process, "request", call_next) == "rescued inside"


async def test_a_wrapper_that_does_not_care_lets_the_error_through(manager) -> None:
    async def call_next(value):
        raise LookupError("inside")

    class Watching:
        @hookimpl(wrapper=True)
        def middleware_process(self, request, call_next):
            return (yield)

    manager.register(Watching())

    with pytest.raises(LookupError, match="inside"):
        await manager.hooks.ask(middleware_process, "request", call_next)
    assert manager.faults.counts == {}
