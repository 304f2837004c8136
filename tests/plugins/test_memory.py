"""A plugin that has left is gone: nothing of ours keeps it, its class or its frames alive."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import anyio
import pytest

from marty_chassis.plugins import (
    IEventHandlerPlugin,
    IHealthPlugin,
    IMiddlewarePlugin,
    PluginContext,
    hookimpl,
    plugin,
)

from ..lifecycle.house import house, running


def full(trouble: str) -> type:
    @plugin(name="full")
    class Full(IMiddlewarePlugin, IEventHandlerPlugin, IHealthPlugin):
        async def initialize(self, context: PluginContext) -> None:
            context.tasks.start(self.work)
            context.extension_points.register_handler("service.pre_register", self.enhance)
            context.metrics.counter("x").inc()
            context.resources.callback(self.note)
            await context.service_registry.register({"name": "billing"})
            if trouble == "initialize":
                raise ValueError("no host")

        async def start(self) -> None:
            if trouble == "start":
                await anyio.sleep_forever()

        async def stop(self) -> None:
            if trouble == "stop":
                raise SystemExit(1)

        async def work(self) -> None:
            await anyio.sleep_forever()

        def note(self) -> None: ...

        async def enhance(self, service_info: Any) -> None: ...

        async def process_request(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

        def get_event_subscriptions(self) -> dict[str, str]:
            return {"a.*": "handle_event"}

        async def handle_event(self, event_type: str, event_data: Any) -> None: ...

        async def check_health(self) -> bool:
            return True

        @hookimpl
        def plugin_started(self, plugin_name: str) -> None: ...

    return Full


@pytest.mark.parametrize("trouble", ["", "initialize", "start", "stop"])
async def test_nothing_keeps_a_plugin_that_was_unloaded(trouble: str) -> None:
    manager = house()
    kinds = [full(trouble)]
    kind = weakref.ref(kinds[0])
    await running(manager, kinds.pop())
    await manager.event_bus.publish("a.b", 1, source="test", wait=True)

    await manager.unload("full", force=True)
    await anyio.sleep(0.01)
    for _ in range(3):
        gc.collect()

    assert kind() is None, [str(type(one)) for one in gc.get_referrers(kind())]
    await manager.stop()
