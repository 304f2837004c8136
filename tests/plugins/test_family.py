"""The IPlugin family, as the specification writes it and as people will write it."""

from __future__ import annotations

from typing import Any

import pytest

from marty_chassis.lifecycle import State
from marty_chassis.plugins import (
    IEventHandlerPlugin,
    IHealthPlugin,
    IMetricsPlugin,
    IMiddlewarePlugin,
    IPlugin,
    IServicePlugin,
    PluginContext,
    PluginMetadata,
    hookimpl,
    plugin,
)
from marty_chassis.plugins.offers import OFFERS, hooks_of
from marty_hookspecs import (
    health_check,
    metrics_collect,
    metrics_describe,
    service_discover,
    service_post_register,
    service_pre_unregister,
)

from ..lifecycle.house import house, named, running, states, status

FAMILY = (
    IPlugin,
    IServicePlugin,
    IMiddlewarePlugin,
    IEventHandlerPlugin,
    IHealthPlugin,
    IMetricsPlugin,
)


@pytest.mark.parametrize("interface", FAMILY)
async def test_nothing_is_abstract_and_nothing_is_registered_that_is_not_overridden(
    interface: type[IPlugin],
) -> None:
    manager = await running(house(), named("plain", interface))

    assert type(interface) is type
    assert states(manager) == {"plain": State.STARTED}
    assert manager.current.contributions["plain"].handlers == ()
    assert hooks_of(interface) == frozenset()
    await manager.stop()


def test_each_method_of_the_table_is_there_and_answers_a_hook_that_exists() -> None:
    manager = house()
    for offer in OFFERS:
        assert callable(getattr(offer.interface, offer.method))
        assert manager.current.points[offer.hook].parameters == offer.parameters


async def test_what_the_manager_gives_is_there_before_initialize() -> None:
    @plugin(name="forgetful", version="1.0.0", author="Ada")
    class Forgetful(IPlugin):
        def __init__(self) -> None:  # and it calls no super
            self.seen: list[Any] = []

        async def initialize(self, context: PluginContext) -> None:
            self.seen += [self.context is context, self.plugin_metadata.author]
            self.logger.debug("here")

    manager = await running(house(), Forgetful)
    made = manager.supervisor.instance_of("forgetful")

    assert isinstance(made, Forgetful)
    assert made.seen == [True, "Ada"]
    await manager.stop()


async def test_calling_super_is_fine_and_so_are_plain_functions() -> None:
    calls: list[str] = []

    @plugin(name="polite")
    class Polite(IPlugin):
        def __init__(self) -> None:
            super().__init__()

        async def initialize(self, context: PluginContext) -> None:
            await super().initialize(context)
            calls.append("initialize")

        def start(self) -> None:  # type: ignore[override]
            calls.append("start")

        def stop(self) -> None:  # type: ignore[override]
            calls.append("stop")

    manager = await running(house(), Polite)
    await manager.stop()

    assert calls == ["initialize", "start", "stop"]


async def test_a_service_plugin_hears_of_services_and_knows_some() -> None:
    heard: list[str] = []

    @plugin(name="discovery")
    class Discovery(IServicePlugin):
        async def on_service_register(self, info: Any) -> None:
            heard.append(f"+{info['name']}")

        def on_service_unregister(self, service_info: Any) -> None:  # type: ignore[override]
            heard.append(f"-{service_info['name']}")

        async def on_service_discovery(self, query: Any) -> Any:
            return [{"name": query["name"], "id": "x"}]

    manager = await running(house(), Discovery)
    ask = manager.hooks.ask

    await ask(service_post_register, {"name": "billing"})
    await ask(service_pre_unregister, {"name": "billing"})

    assert heard == ["+billing", "-billing"]
    assert await ask(service_discover, {"name": "users"}) == [[{"name": "users", "id": "x"}]]
    await manager.stop()


async def test_a_middleware_plugin_has_one_priority_for_all_that_it_stands_around() -> None:
    @plugin(name="tracing")
    class Tracing(IMiddlewarePlugin):
        def initialize(self, context: PluginContext) -> None:  # type: ignore[override]
            self.place = context.get_config("place", 10)

        async def process_request(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

        async def process_websocket(self, socket: Any, go_on: Any) -> None:
            await go_on(socket)

        def wrap_app(self, app: Any) -> Any:
            return app

        def get_middleware_priority(self) -> int:
            return int(self.place)

    manager = await running(house({"tracing": {"place": 7}}), Tracing)

    handlers = {h.hook: h for h in manager.current.contributions["tracing"].handlers}
    assert {hook: h.priority for hook, h in handlers.items()} == {
        "middleware_process": 7,
        "middleware_websocket": 7,
        "web_wrap": 7,
    }
    # Names that fit are called without a detour: this is on the path of each request.
    made = manager.supervisor.instance_of("tracing")
    assert isinstance(made, Tracing)
    assert handlers["middleware_process"].function == made.process_request
    assert handlers["middleware_websocket"].parameters == ("websocket", "call_next")
    await manager.stop()


async def test_health_and_metrics_plugins_answer_with_their_facts() -> None:
    @plugin(name="database-health")
    class Database(IHealthPlugin, IMetricsPlugin):
        async def check_health(self) -> Any:
            return {"healthy": True}

        def get_health_check_interval(self) -> float:
            return 5

        async def collect_metrics(self) -> Any:
            return {"connections": 5}

        def get_metric_definitions(self) -> Any:
            return {"connections": {"type": "gauge"}}

    manager = await running(house(), Database)
    hooks = manager.hooks

    (checked,) = await hooks.ask_one("database-health", health_check)
    assert checked.value == {"healthy": True}
    assert manager.current.handlers("health_check")[0].options == {"interval": 5.0}
    assert await hooks.ask(metrics_collect) == [{"connections": 5}]
    assert await hooks.ask(metrics_describe) == [{"connections": {"type": "gauge"}}]
    await manager.stop()


async def test_each_subscription_calls_the_method_it_names_once() -> None:
    heard: list[str] = []

    @plugin(name="audit-logger")
    class Audit(IEventHandlerPlugin):
        def get_event_subscriptions(self) -> dict[str, str]:
            return {
                "user.login": "handle_login",
                "user.*": "handle_event",
                "service.error": "no_such_method",
            }

        async def handle_event(self, event_type: str, event_data: Any) -> None:
            heard.append(f"event {event_type} {event_data}")

        async def handle_login(self, event_data: Any) -> None:
            heard.append(f"login {event_data}")

    manager = await running(house(), Audit)

    for type_ in ("user.login", "user.logout", "service.error", "other"):
        await manager.event_bus.publish(type_, 1, source="test", wait=True)

    assert sorted(heard) == [
        "event service.error 1",
        "event user.login 1",
        "event user.logout 1",
        "login 1",
    ]
    await manager.stop()
    await manager.event_bus.publish("user.login", 2, source="test", wait=True)
    assert len(heard) == 4


@pytest.mark.parametrize(
    ("base", "methods", "reason"),
    [
        (
            IEventHandlerPlugin,
            {"get_event_subscriptions": lambda self: {"a": "missing"}},
            "names 'missing', which Wrong does not have",
        ),
        (IEventHandlerPlugin, {"get_event_subscriptions": lambda self: 3}, "answered with int"),
        (
            IMiddlewarePlugin,
            {
                "process_request": lambda self, request, call_next: None,
                "get_middleware_priority": lambda self: "first",
            },
            "answered 'first'. Return a number",
        ),
        (
            IMiddlewarePlugin,
            {"process_request": lambda self, request, call_next, more: None},
            "with more; the hook has request, call_next",
        ),
        (
            IHealthPlugin,
            {
                "check_health": lambda self: None,
                "get_health_check_interval": lambda self: True,
            },
            "answered True. Return a number",
        ),
        (
            IPlugin,
            {"sevice": hookimpl(specname="sevice.discover")(lambda self, query: None)},
            "Did you mean 'service_discover'",
        ),
    ],
)
async def test_nonsense_is_said_with_what_to_do(
    base: type[IPlugin], methods: dict[str, Any], reason: str
) -> None:
    manager = await running(house(), named("wrong", base, **methods))

    assert status(manager, "wrong").state is State.ERROR
    assert reason in status(manager, "wrong").reason
    assert "wrong" not in manager.current.contributions
    await manager.stop()


async def test_a_method_that_is_marked_besides_is_registered_once() -> None:
    class Marked(IHealthPlugin):
        @hookimpl(specname="health.check", priority=3)
        async def check_health(self) -> Any:
            return {"healthy": True}

    manager = await running(house(), plugin(name="marked")(Marked))

    handlers = manager.current.contributions["marked"].handlers
    assert [(h.hook, h.priority) for h in handlers] == [("health_check", 3)]
    await manager.stop()


async def test_what_an_intermediate_class_overrides_counts() -> None:
    class Base(IHealthPlugin):
        async def check_health(self) -> Any:
            return {"healthy": False}

    @plugin(name="derived")
    class Derived(Base):
        pass

    manager = await running(house(), Derived)

    assert await manager.hooks.ask(health_check) == [{"healthy": False}]
    await manager.stop()


def test_the_decorator_writes_the_classes_own_metadata() -> None:
    @plugin(name="Audit_Log", version="1.0", dependencies=["a"], provides=["log"], required=True)
    class Audit(IPlugin):
        pass

    class Heir(Audit):
        pass

    assert vars(Audit)["plugin_metadata"] == PluginMetadata(
        "Audit_Log", "1.0", dependencies=("a",), provides=("log",), required=True
    )
    assert "plugin_metadata" not in vars(Heir)
    with pytest.raises(TypeError, match="which is no class"):
        plugin(name="x")(lambda: None)  # type: ignore[type-var]
