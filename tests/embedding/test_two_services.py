"""Two services in one process never meet, also where one is mounted in the other."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from marty_chassis import Chassis, ChassisConfig, create_app
from marty_chassis.plugins import IMiddlewarePlugin, plugin

from .serving import BEARER, TOKEN


@plugin(name="sign", version="1.0.0")
class Sign(IMiddlewarePlugin):
    """Hangs its service's name on each answer, and hears what happens in its service."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    async def initialize(self, context: Any) -> None:
        self.name = context.config.service.name
        context.event_bus.subscribe("*", self.hear)

    async def hear(self, data: object) -> None:
        self.heard.append(data)

    async def process_request(self, request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers[f"x-{self.name}"] = self.name
        return response


def config(name: str) -> ChassisConfig:
    return ChassisConfig(
        service={"name": name, "advertise": f"{name}:80"}, management={"token": f"{TOKEN}-{name}"}
    )


def token(name: str) -> dict[str, str]:
    return {"authorization": f"{BEARER['authorization']}-{name}"}


def answers(request: object) -> PlainTextResponse:
    return PlainTextResponse("here")


async def test_one_beside_the_other() -> None:
    signs = [Sign(), Sign()]
    first, second = (Chassis(config(n), plugins=[s]) for n, s in zip("ab", signs, strict=True))
    app = first.wrap(answers(None))

    async with first, second, httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        answer = await client.get("http://test/")
        await first.event_bus.publish("said", {"by": "a"}, wait=True)
        services = [await c.service_registry.discover({}) for c in (first, second)]
        await second.plugin_manager.disable("sign", force=True)
        still = await client.get("http://test/")

    assert answer.headers["x-a"] == still.headers["x-a"] == "a"
    assert "x-b" not in answer.headers
    assert (signs[0].heard, signs[1].heard) == ([{"by": "a"}], [])
    assert [[one["name"] for one in found] for found in services] == [["a"], ["b"]]


def test_one_mounted_in_the_other() -> None:
    inner = create_app(config("inner"), plugins=[Sign()], routes=[Route("/", answers)])

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        async with inner.router.lifespan_context(inner), inner.state.chassis:
            yield

    outer = create_app(
        config("outer"),
        plugins=[Sign()],
        routes=[Route("/", answers), Mount("/inner", inner)],
        lifespan=lifespan,
    )

    with TestClient(outer) as client:
        both = client.get("/inner/").headers
        outside = client.get("/").headers
        refused = client.get("/inner/plugins/status", headers=token("outer"))
        inside = client.get("/inner/plugins/status", headers=token("inner")).json()
        around = client.get("/plugins/status", headers=token("outer")).json()

    assert (both["x-inner"], both["x-outer"]) == ("inner", "outer")
    assert "x-inner" not in outside
    assert refused.status_code == 401
    assert (inside["service"]["name"], around["service"]["name"]) == ("inner", "outer")
    assert inner.state.chassis.pending() == outer.state.chassis.pending() == {}


def test_one_plugin_that_is_disabled_inside_goes_on_outside() -> None:
    inner = Chassis(config("inner"), plugins=[Sign()])
    outer = create_app(
        config("outer"), plugins=[Sign()], routes=[Mount("/inner", inner.wrap(answers(None)))]
    )

    async def entered(app: Starlette) -> Any:
        async with inner:
            yield

    outer.router.lifespan_context = asynccontextmanager(entered)

    with TestClient(outer) as client:
        moved = client.post(
            "/inner/-/marty/plugins/sign/disable?force=true", headers=token("inner")
        )
        refused = client.get("/inner/")
        outside = client.get("/")

    assert moved.status_code == 200
    assert refused.headers.get("x-inner") is None
    assert refused.headers["x-outer"] == outside.headers["x-outer"] == "outer"


def test_one_application_may_be_wrapped_by_two() -> None:
    app = Starlette(routes=[Route("/", answers)])
    first = Chassis(config("first"), plugins=[Sign()]).wrap(app)
    second = Chassis(config("second"), plugins=[Sign()]).wrap(first)

    with TestClient(second) as client:
        headers = client.get("/").headers

    assert {"x-first", "x-second"} <= set(headers)
