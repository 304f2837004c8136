"""`async with chassis` runs it without a server, before or after `wrap`."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from marty_chassis import Chassis, ChassisConfig, create_app
from marty_chassis.errors import PluginUnavailable
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_hookspecs import hookimpl, metrics_collect

QUIET = ChassisConfig(service={"advertise": "test:80"})


@plugin(name="sign", version="1.0.0")
class Sign(IMiddlewarePlugin):
    stopped = False

    async def stop(self) -> None:
        self.stopped = True

    async def process_request(self, request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-sign"] = "here"
        return response

    @hookimpl
    def metrics_collect(self) -> dict[str, float]:
        return {"signs": 1}


async def asked(app: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        return await client.get("http://test/")


async def test_wrapped_while_it_runs() -> None:
    async with Chassis(QUIET, plugins=[Sign()]) as chassis:
        answer = await asked(chassis.wrap(PlainTextResponse("hello")))

    assert answer.headers["x-sign"] == "here"


async def test_wrapped_before() -> None:
    chassis = Chassis(QUIET, plugins=[Sign()])
    app = chassis.wrap(PlainTextResponse("hello"))

    async with chassis:
        answer = await asked(app)

    assert answer.headers["x-sign"] == "here"


async def test_of_an_application_that_was_made() -> None:
    app = create_app(QUIET, plugins=[Sign()])

    async with app.state.chassis as chassis:
        assert (await asked(app)).headers["x-sign"] == "here"
        assert await chassis.hooks.ask(metrics_collect) == [{"signs": 1}]
        assert isinstance(chassis.plugins.get("sign"), Sign)

    with pytest.raises(PluginUnavailable):
        app.state.chassis.plugins.get("sign")


async def test_entered_twice_it_stops_with_the_last() -> None:
    sign = Sign()
    chassis = Chassis(QUIET, plugins=[sign])

    async with chassis:
        async with chassis:
            pass
        assert not sign.stopped
    assert sign.stopped


async def test_what_the_application_registered_itself_is_still_there_the_next_time() -> None:
    chassis = Chassis(QUIET, plugins=[Sign()])
    heard: list[object] = []
    chassis.event_bus.subscribe("said", heard.append)

    for number in range(2):
        async with chassis:
            await chassis.event_bus.publish("said", number, wait=True)

    assert heard == [0, 1]


async def test_an_error_inside_stops_the_plugins_and_is_the_callers() -> None:
    sign = Sign()

    with pytest.raises(KeyError, match="mine"):
        async with Chassis(QUIET, plugins=[sign]):
            raise KeyError("mine")

    assert sign.stopped
