"""Each request is counted under its route, from its arrival to the end of its response."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from marty_chassis.contrib.custom_metrics.measured import Measured
from marty_chassis.contrib.custom_metrics.requests import ROUTES, Requests
from marty_chassis.contrib.request_tracing import RequestTracing
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_chassis.testing import WebSocketRefused

from .conftest import Host, scrape

TOTAL = "http_requests_total"


def shop() -> FastAPI:
    """An application with routes of every kind."""
    app, orders, tenants = FastAPI(), APIRouter(), FastAPI()

    @app.get("/")
    def home() -> str:
        return "home"

    @app.post("/upload")
    async def upload(request: Request) -> Response:
        return PlainTextResponse((await request.body())[:5])

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("told to")

    @orders.get("/")
    def listed() -> str:
        return "all"

    @orders.get("/{id}")
    def one(id: str) -> str:
        return id

    @orders.get("/{id}/files/{path:path}")
    def file(id: str, path: str) -> str:
        return path

    @tenants.get("/{id}")
    def of_tenant(id: str) -> str:
        return id

    @app.websocket("/rooms/{room}")
    async def room(websocket: WebSocket, room: str) -> None:
        if room == "closed":
            await websocket.close()
            return
        await websocket.accept()
        await websocket.receive()

    app.include_router(orders, prefix="/orders")
    app.include_router(orders, prefix="/v2/{kind}/orders")
    app.mount("/t/{tenant}", tenants)
    return app


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/orders/", "/orders/"),
        ("/orders/7", "/orders/{id}"),
        ("/orders/orders", "/orders/{id}"),
        ("/orders/7/files/a/b/7", "/orders/{id}/files/{path}"),
        ("/v2/big/orders/7", "/v2/{kind}/orders/{id}"),
        ("/t/acme/7", "/t/{tenant}/{id}"),
        ("/nothing", "unmatched"),
    ],
)
async def test_a_request_is_counted_under_its_route(metered: Host, path: str, route: str) -> None:
    async with metered(app=shop()) as host:
        status = str((await host.client.get(path)).status_code)

        seen = await scrape(host.operator)

    labels = {"method": "GET", "route": route, "plugin": "custom-metrics"}
    assert seen.names("route") == {route}
    assert seen(TOTAL, status=status, **labels) == 1
    assert seen("http_request_duration_seconds_count", **labels) == 1
    assert seen("http_requests_in_progress", method="GET") == 0


async def test_what_plugins_change_hides_no_route(metered: Host) -> None:
    @plugin(name="changes")
    class Changes(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: Any) -> Any:
            request.headers["x-more"] = "1"
            return await call_next(request)

    async with metered(app=shop(), neighbours=[Changes]) as host:
        await host.client.get("/orders/7")

        assert (await scrape(host.operator)).names("route") == {"/orders/{id}"}


async def test_request_tracing_hides_no_route(metered: Host) -> None:
    async with metered(app=shop(), plugins=[RequestTracing]) as host:
        await host.client.get("/v2/big/orders/7")

        assert (await scrape(host.operator)).names("route") == {"/v2/{kind}/orders/{id}"}


async def test_a_405_has_a_route_and_a_redirect_has_none(metered: Host) -> None:
    async with metered(app=shop()) as host:
        await host.client.delete("/orders/7")
        await host.client.get("/orders", follow_redirects=False)

        seen = await scrape(host.operator)

    assert seen(TOTAL, method="DELETE", status="405") == 1
    assert seen(TOTAL, status="307", route="unmatched") == 1


async def test_nobody_makes_up_names(metered: Host) -> None:
    async with metered(app=shop()) as host:
        for number in range(5):
            await host.client.request(f"M{number}", f"/{number}", headers={"host": f"{number}"})

        seen = await scrape(host.operator)

    assert seen.names("method") == {"OTHER"}
    assert seen.names("route") == {"unmatched"}
    assert seen(TOTAL, method="OTHER") == 5


def test_there_is_an_end_to_the_routes_that_are_told_apart() -> None:
    figures = Requests([1])

    for number in range(ROUTES + 5):
        figures.request_began("GET")
        figures.request_ended("GET", f"/{number}", 200, 0.1, 0, 0)

    found = [s for one in figures.collectors for m in one.collect() for s in m.samples]
    assert len({s.labels["route"] for s in found if "route" in s.labels}) == ROUTES + 1
    (others,) = [s.value for s in found if s.name == TOTAL and s.labels["route"] == "OTHER"]
    assert others == 5
    assert repr(figures) == f"<Requests of {ROUTES} routes>"


@pytest.mark.parametrize("status", [99, 600, -1, 10**9])
def test_what_is_no_status_is_no_label(status: int) -> None:
    figures = Requests([1])

    figures.request_began("GET")
    figures.request_ended("GET", "/", status, 0.1, 0, 0)

    found = [s for one in figures.collectors for m in one.collect() for s in m.samples]
    assert [s.labels["status"] for s in found if s.name == TOTAL] == ["OTHER"]


async def test_sizes_are_those_of_the_bodies(metered: Host) -> None:
    async with metered(app=shop()) as host:
        await host.client.post("/upload", content=b"x" * 1000)

        seen = await scrape(host.operator)

    assert seen("http_request_size_bytes_sum", route="/upload") == 1000
    assert seen("http_response_size_bytes_sum", route="/upload") == 5
    assert seen("http_response_size_bytes_count", route="/upload") == 1


async def test_an_application_that_raises_has_answered_500(metered: Host) -> None:
    async with metered(app=shop()) as host:
        with pytest.raises(RuntimeError, match="told to"):
            await host.client.get("/broken")

        seen = await scrape(host.operator)

    assert seen(TOTAL, route="/broken", status="500") == 1
    assert seen("http_requests_in_progress", method="GET") == 0


async def test_what_other_plugins_answer_is_counted_too(metered: Host) -> None:
    @plugin(name="doorman")
    class Doorman(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: Any) -> Any:
            return PlainTextResponse("no", 403)

    async with metered(neighbours=[Doorman]) as host:
        await host.client.get("/")

        assert (await scrape(host.operator))(TOTAL, status="403") == 1


async def test_the_management_api_is_not_counted(metered: Host) -> None:
    async with metered() as host:
        await host.operator.get("/plugins/status")

        assert (await scrape(host.operator)).of(TOTAL) == []


async def test_a_stream_lasts_until_its_body_has_ended_and_no_longer(metered: Host) -> None:
    streaming, go_on, ended, leave = (anyio.Event() for _ in range(4))
    app = FastAPI()

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        streaming.set()
        await go_on.wait()
        yield b"two"

    async def afterwards() -> None:
        ended.set()
        await leave.wait()

    @app.get("/")
    async def stream() -> Response:
        return StreamingResponse(body(), background=BackgroundTask(afterwards))

    async with metered(app=app) as host, anyio.create_task_group() as group:
        group.start_soon(host.client.get, "/")
        await streaming.wait()
        under_way = await scrape(host.operator)
        go_on.set()
        await ended.wait()
        over = await scrape(host.operator)
        leave.set()

    assert under_way("http_requests_in_progress") == 1
    assert under_way.of(TOTAL) == []
    assert over("http_requests_in_progress") == 0
    assert over(TOTAL, status="200") == 1
    assert over("http_response_size_bytes_sum") == 6


class Told(Requests):
    """Writes down what it is told."""

    def __init__(self) -> None:
        super().__init__([1])
        self.notes: list[object] = []

    def request_began(self, method: str) -> None:
        self.notes.append(method)

    def request_ended(
        self, method: str, route: str, status: int | None, seconds: float, came: int, went: int
    ) -> None:
        self.notes.append((route, status, came, went))

    def socket_opened(self) -> None:
        self.notes.append("opened")

    def socket_ended(self, route: str, accepted: bool) -> None:
        self.notes.append((route, accepted))


@pytest.mark.parametrize("sends", [0, 1])
async def test_a_client_that_leaves_ends_its_request_with_the_status_that_it_saw(
    sends: int,
) -> None:
    told, started = Told(), anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if sends:
            await send({"type": "http.response.start", "status": 206, "headers": []})
            await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        started.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(call, Measured(app, told), "http")
        await started.wait()
        group.cancel_scope.cancel()

    assert told.notes == ["GET", ("unmatched", 206 if sends else None, 0, 3 * sends)]


async def test_a_client_that_cannot_be_sent_to_ends_it_too() -> None:
    told = Told()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})

    async def gone(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await call(Measured(app, told), "http", gone)

    assert told.notes == ["GET", ("unmatched", 200, 0, 0)]


async def test_who_has_left_before_there_was_an_answer_has_no_status() -> None:
    told = Told()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        await call(Measured(app, told), "http", receive=gone)

    assert told.notes == ["GET", ("unmatched", None, 0, 0)]


async def test_a_file_that_the_server_sends_is_the_end_of_the_body() -> None:
    told = Told()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": "/tmp/x"})
        told.notes.append("after it")

    await call(Measured(app, told), "http")

    assert told.notes == ["GET", "after it", ("unmatched", 200, 0, 0)]


async def test_the_lifespan_passes() -> None:
    told = Told()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.complete"})

    await call(Measured(app, told), "lifespan")

    assert told.notes == []
    assert "Measured" in repr(Measured(app, told))


async def call(app: ASGIApp, type: str, send: Any = None, receive: Any = None) -> None:
    async def received() -> Any:
        return {"type": "http.request", "body": b""}

    async def sent(message: Any) -> None:
        pass

    scope: Scope = {"type": type, "method": "GET", "path": "/x", "root_path": "", "headers": []}
    await app(scope, receive or received, send or sent)


async def test_websockets_are_counted_when_they_end_and_known_while_they_are_open(
    metered: Host,
) -> None:
    async with metered(app=shop()) as host:
        async with host.websocket("/rooms/blue"):
            during = await scrape(host.operator)
        with pytest.raises(WebSocketRefused):
            async with host.websocket("/rooms/closed"):
                pass
        after = await scrape(host.operator)

    total = "websocket_connections_total"
    assert during("websocket_connections_open") == 1
    assert after("websocket_connections_open") == 0
    assert after(total, route="/rooms/{room}", outcome="accepted") == 1
    assert after(total, route="/rooms/{room}", outcome="refused") == 1
    assert after.of(TOTAL) == []


async def test_below_where_a_proxy_or_a_server_mounts_it_the_names_are_the_same(
    metered: Host,
) -> None:
    async with metered(app=shop()) as host:
        transport = httpx2.ASGITransport(host.app, root_path="/api")
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            assert (await client.get("/api/orders/7")).status_code == 200

        assert (await scrape(host.operator)).names("route") == {"/orders/{id}"}


async def test_buckets_are_as_configured(metered: Host) -> None:
    async with metered(duration_buckets=[0.5, 2]) as host:
        await host.client.get("/")

        assert (await scrape(host.operator)).names("le") == {"0.5", "2.0", "+Inf"}
