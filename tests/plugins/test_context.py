"""What a plugin gets is its own, and is undone."""

from __future__ import annotations

import sys
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from loguru import logger
from pydantic import BaseModel

from marty_chassis.errors import ForeignSource, PluginGone, PluginUnavailable
from marty_chassis.lifecycle import State
from marty_chassis.plugins import (
    ExtensionPoint,
    ExtensionPointType,
    IPlugin,
    PluginContext,
    PluginManager,
)
from marty_hookspecs import metrics_collect, metrics_describe, service_pre_register

from ..lifecycle.house import assert_nothing_left, house, named, running, states, status, until


async def context_of(manager: PluginManager, name: str = "one") -> PluginContext:
    instance = manager.supervisor.instance_of(name)
    assert isinstance(instance, IPlugin)
    return instance.context


async def alone(plugins: dict[str, Any] | None = None, **said: Any) -> tuple[Any, PluginContext]:
    manager = await running(house(plugins), named("one", **said))
    return manager, await context_of(manager)


async def test_the_section_is_a_mapping_or_the_plugins_own_model() -> None:
    class Model(BaseModel):
        token_expiry: int = 60
        nested: dict[str, int] = {"deep": 3}

    section = {"token_expiry": "30", "a.b": 1, "nested": {"deep": 4}}
    plain, raw = await alone({"one": section})
    typed, modelled = await alone({"one": {"token_expiry": "30"}}, config_schema=Model)

    assert raw.plugin_config == section
    assert raw.get_config("nested.deep") == 4
    assert raw.get_config("a.b") == 1
    assert raw.get_config("nothing", 5) == 5
    assert modelled.plugin_config == Model(token_expiry=30)
    assert modelled.get_config("token_expiry") == 30
    assert modelled.get_config("nested.deep") == 3
    assert modelled.get_config("model_config.x", "no") == "no"
    assert modelled.get_config("_private") is None
    assert raw.config is plain.config
    await plain.stop()
    await typed.stop()


async def test_a_section_that_does_not_fit_is_named_with_its_place() -> None:
    class Model(BaseModel):
        port: int

    manager = await running(
        house({"one": {"port": "many"}}), named("one", config_schema=Model), named("two")
    )

    one = status(manager, "one")
    assert (one.state, one.phase) == (State.ERROR, "configure")
    assert "argument plugins.one.port" in one.reason
    assert states(manager)["two"] is State.STARTED
    await manager.stop()


async def test_handlers_and_points_come_and_go_with_the_plugin() -> None:
    def enhance(service_info: Any) -> Any:
        return service_info | {"enhanced": True}

    point = ExtensionPoint("data.transform", ExtensionPointType.FILTER, parameters={"data": "int"})
    manager, context = await alone()
    context.extension_points.register_handler("service.pre_register", enhance, priority=10)
    context.extension_points.register_extension_point(point)
    context.extension_points.register_handler("data.transform", lambda data: data + 1)

    assert await manager.hooks.ask(service_pre_register, {}) == {"enhanced": True}
    assert await context.extension_points.call("data.transform", 1) == 2

    await manager.stop("one")
    assert await manager.hooks.ask(service_pre_register, {}) == {}
    assert "data.transform" not in context.extension_points.list_extension_points()
    await manager.stop()


async def test_events_are_published_in_the_plugins_own_name_only() -> None:
    manager, context = await alone()

    event = await context.event_bus.publish("custom.event", {"data": "value"}, source="one")

    assert event.source == "one"
    with pytest.raises(ForeignSource):
        await context.event_bus.publish("custom.event", source="two")
    await manager.stop()


async def test_figures_are_shown_with_the_plugins_and_gone_with_it() -> None:
    manager, context = await alone()
    jobs = context.metrics.counter("jobs", "Jobs done")
    jobs.inc()
    jobs.inc(2)
    length = context.metrics.gauge("length")
    length.set(5)
    length.inc()
    length.dec(2)

    assert await manager.hooks.ask(metrics_collect) == [{"jobs": 3.0, "length": 4.0}]
    assert await manager.hooks.ask(metrics_describe) == [
        {
            "jobs": {"type": "counter", "description": "Jobs done"},
            "length": {"type": "gauge", "description": ""},
        }
    ]
    assert context.metrics.counter("jobs") is jobs
    with pytest.raises(ValueError, match="Use a gauge"):
        jobs.inc(-1)
    with pytest.raises(ValueError, match="is no gauge"):
        context.metrics.gauge("jobs")
    with pytest.raises(ValueError, match="is no counter"):
        context.metrics.counter("length")

    await manager.stop("one")
    assert await manager.hooks.ask(metrics_collect) == []
    await manager.stop()


async def test_tasks_end_with_the_plugin_or_by_themselves() -> None:
    manager, context = await alone()
    ended: list[str] = []

    async def work(name: str) -> str:
        try:
            await anyio.sleep(0 if name == "short" else 60)
        finally:
            ended.append(name)
        return name

    short = context.tasks.start(work, "short")
    long = context.tasks.start(work, "long", name="the long one")
    await short.wait()

    assert short.result() == "short"
    assert len(context.tasks) == 1
    assert manager.supervisor.pending() == {"one": ("task the long one #2",)}
    await manager.stop("one")
    assert ended == ["short", "long"]
    assert long.done
    assert manager.faults.count("one") == 0
    await manager.stop()


async def test_a_task_that_is_cancelled_is_no_fault() -> None:
    manager, context = await alone()

    task = context.tasks.start(anyio.sleep_forever)
    await anyio.lowlevel.checkpoint()
    task.cancel()
    await task.wait()

    assert states(manager) == {"one": State.STARTED}
    await manager.stop()


async def test_a_task_of_a_request_sees_the_plugins_of_later() -> None:
    manager, context = await alone()
    seen: list[int] = []

    async def look() -> None:
        seen.append(manager.selector.pinned().number)

    with manager.selector.pin():
        await manager.load(named("two"))
        await context.tasks.start(look).wait()

    assert seen == [manager.current.number]
    await manager.stop()


async def test_resources_are_closed_last_first() -> None:
    closed: list[str] = []

    class Resource:
        def __init__(self, name: str) -> None:
            self.name = name

        async def __aenter__(self) -> str:
            return self.name

        async def __aexit__(self, *_: object) -> None:
            await anyio.lowlevel.checkpoint()
            closed.append(self.name)

    async def start(self: IPlugin) -> None:
        resources = self.context.resources
        assert await resources.enter_async_context(Resource("first")) == "first"
        await resources.enter_async_context(Resource("second"))

    async def stop(self: IPlugin) -> None:
        closed.append("stop")

    manager, _ = await alone(start=start, stop=stop)
    await manager.stop()

    assert closed == ["stop", "second", "first"]


async def test_every_undo_is_done_whatever_the_others_do() -> None:
    undone: list[str] = []

    def fail() -> None:
        raise SystemExit(1)

    async def initialize(self: IPlugin, context: PluginContext) -> None:
        context.ledger.enter("file", lambda: undone.append("file"))
        context.ledger.enter("socket", fail, id="9000")
        context.ledger.enter("lock", anyio.sleep_forever, id="x")
        context.ledger.enter("pipe", lambda: undone.append("pipe"))

    manager, _ = await alone(initialize=initialize)
    await manager.stop()

    assert undone == ["pipe", "file"]
    faults = manager.faults.recent("one")
    assert [(f.hook, f.kind) for f in faults] == [
        ("lock x", "DeadlineExceeded"),
        ("socket 9000", "SystemExit"),
    ]
    one = status(manager, "one")
    assert (one.state, one.phase, one.left) == (State.QUARANTINED, "undo", ("lock x",))
    assert one.reason.startswith("lock x did not stop when told to")


async def test_other_plugins_are_asked_for_anew_each_time() -> None:
    manager = await running(house(), named("one"), named("other_one"))
    plugins = (await context_of(manager)).plugins

    assert plugins.get("Other-One") is manager.supervisor.instance_of("other-one")
    assert plugins["other-one"] is plugins.get("other-one")
    assert "other-one" in plugins
    await manager.stop("other-one")
    assert "other-one" not in plugins
    assert "nobody" not in plugins
    with pytest.raises(PluginUnavailable, match="it is stopped"):
        plugins.get("other-one")
    with pytest.raises(PluginUnavailable, match="not known here"):
        plugins.get("nobody")
    await manager.stop()


async def test_what_is_kept_after_the_stop_is_of_no_use() -> None:
    manager, context = await alone()
    await manager.stop("one")

    for use in (
        lambda: context.tasks.start(anyio.sleep_forever),
        lambda: context.event_bus.subscribe("a", lambda event_data: None),
        lambda: context.metrics.counter("late"),
        lambda: context.resources,
    ):
        with pytest.raises(PluginGone):
            use()
    context.extension_points.register_handler("health.check", lambda: None)
    assert_nothing_left(manager)
    await manager.stop()


async def test_the_operator_sets_the_level_of_each_plugins_log() -> None:
    lines: list[str] = []
    logger.remove()
    number = logger.add(
        lines.append, format="{level} {extra[plugin]} {function} {message}", filter="tests"
    )

    async def start(self: IPlugin) -> None:
        self.logger.debug("quiet")
        self.logger.bind(more=1).info("quiet too")
        self.logger.log("INFO", "quiet as well")
        self.logger.warning("heard {}", 1)  # noqa: PLE1205 - loguru, not logging
        self.logger.log("ERROR", "heard")
        self.logger.bind(more=1).error("heard")

    manager, _ = await alone({"settings": {"one": {"log_level": "warning"}}}, start=start)
    await manager.stop()
    logger.remove(number)
    logger.add(sys.stderr)

    assert [line.strip() for line in lines] == [
        "WARNING one start heard 1",
        "ERROR one start heard",
        "ERROR one start heard",
    ]


async def test_words_are_shown_without_the_secrets_of_the_configuration_as_it_is_now() -> None:
    manager, context = await alone({"payments": {"api_key": "an-old-secret"}})

    assert context.masked("an-old-secret, a-new-secret") == "***, a-new-secret"
    changed = manager.config.changed({"plugins": {"x": {"token": "a-new-secret"}}})
    manager.supervisor.configure(changed)

    assert context.masked("an-old-secret, a-new-secret") == "***, ***"
    await manager.stop()


async def test_requests_under_way_end_before_the_plugin_stops() -> None:
    order: list[str] = []

    async def stop(self: IPlugin) -> None:
        order.append("stop")

    async def request() -> None:
        with manager.selector.pin():
            await ended.wait()
            order.append("request ends")

    manager, _ = await alone(stop=stop)
    ended = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(request)
        await anyio.lowlevel.checkpoint()
        group.start_soon(manager.stop, "one")
        await until(lambda: states(manager)["one"] is State.STOPPING)
        await anyio.sleep(0.01)
        ended.set()

    assert order == ["request ends", "stop"]
    await manager.stop()


async def test_requests_that_do_not_end_are_waited_for_so_long_and_no_longer() -> None:
    manager, _ = await alone({"reload": {"drain_timeout": 0.05}})

    with manager.selector.pin():
        await manager.stop("one")

    assert states(manager) == {"one": State.STOPPED}
    await manager.stop()
