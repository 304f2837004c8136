"""`request.completed`, `request.failed`, `request.aborted`: how each request ended, for those who listen."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from marty_chassis.contrib.request_tracing import RequestTracingSettings
from marty_chassis.contrib.request_tracing.middleware import Traced
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_hookspecs import CallNext

from .conftest import Host

THEIRS = {"X-Correlation-ID": "theirs", "Authorization": "Bearer secret"}


async def item(request: Request) -> PlainTextResponse:
    if request.path_params["id"] == "boom":
        raise ValueError("no such thing")
    return PlainTextResponse("", int(request.query_params.get("status", 200)))


APP = Starlette(routes=[Mount("/shop", routes=[Route("/items/{id}", item)])])


async def test_an_answer_is_an_event_with_its_route_and_without_what_the_client_said(
    traced: Host,
) -> None:
    pytest.importorskip("starlette.middleware.opentelemetry", reason="a newer Starlette says it")
    async with traced(app=APP) as host:
        await host.client.get("/shop/items/7?status=201&token=x", headers=THEIRS)

        event = await host.events.wait_for("request.completed")
        assert event.source == "request-tracing"
        assert event.data.pop("seconds") > 0
        assert event.data == {
            "method": "GET",
            "route": "/shop/items/{id}",
            "status": 201,
            "correlation_id": "theirs",
        }


async def test_a_route_is_called_as_in_figures_wherever_it_is_mounted(traced: Host) -> None:
    pytest.importorskip("starlette.middleware.opentelemetry", reason="a newer Starlette says it")
    async with traced(app=Starlette(routes=[Mount("/{tenant}", APP)])) as host:
        transport = httpx2.ASGITransport(host.app, root_path="/api")
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            await client.get("/api/acme/shop/items/7")

        data = (await host.events.wait_for("request.completed")).data
        assert data["route"] == "/{tenant}/shop/items/{id}"


async def test_what_is_mounted_is_one_route(traced: Host) -> None:
    async def anything(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("")(scope, receive, send)

    async with traced(app=Starlette(routes=[Mount("/files", anything)])) as host:
        await host.client.get("/files/a/b")

        data = (await host.events.wait_for("request.completed")).data
        assert data.get("route", data.get("path")) in ("/files", "/files/a/b")


async def test_where_no_route_is_known_there_is_the_path(traced: Host) -> None:
    async with traced() as host:
        await host.client.post("/anything?x=1")

        data = (await host.events.wait_for("request.completed")).data
        assert (data["method"], data["path"], "route" in data) == ("POST", "/anything", False)


async def test_a_plugin_inside_that_changes_headers_does_not_hide_the_end(traced: Host) -> None:
    @plugin(name="changes")
    class Changes(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: CallNext) -> Any:
            request.headers["x-more"] = "1"
            return await call_next(request)

    async with traced(app=APP, neighbours=[Changes]) as host:
        await host.client.get("/shop/items/7")

        data = (await host.events.wait_for("request.completed")).data
        assert data["status"] == 200
        assert data.get("route", data.get("path")) in ("/shop/items/{id}", "/shop/items/7")


async def test_a_server_error_is_a_failure(traced: Host) -> None:
    async with traced(app=APP) as host:
        await host.client.get("/shop/items/7?status=503", headers=THEIRS)

        data = (await host.events.wait_for("request.failed")).data
        assert (data["status"], data["error"]) == (503, "status 503")


async def test_an_error_of_the_application_is_a_failure_with_its_kind_and_not_its_words(
    traced: Host,
) -> None:
    async with traced(app=APP) as host:
        with pytest.raises(ValueError, match="no such thing"):
            await host.client.get("/shop/items/boom")

        data = (await host.events.wait_for("request.failed")).data
        assert (data["status"], data["error"]) == (500, "ValueError")
        assert "no such thing" not in str(data)


async def test_a_full_mailbox_loses_an_event_and_holds_up_nobody(traced: Host) -> None:
    release = anyio.Event()

    async def slow(event: Any) -> None:
        await release.wait()

    async with traced() as host:
        host.chassis.event_bus.subscribe("request.completed", slow, mailbox=1)
        with anyio.fail_after(2):
            for _ in range(5):
                assert (await host.client.get("/")).status_code == 200

        figures = (await host.operator.get("/plugins/metrics", params={"format": "json"})).json()
        assert "request_tracing_events_dropped" in str(figures)
        # One is in hand, one in the box, and three found no room; everybody else has all of them.
        assert host.plugin._dropped.value in (3, 4)
        assert len(host.events.of("request.completed")) == 5
        release.set()


# Driven by hand: what servers and clients do when they leave. -----------------------------------

Ended = tuple[str, dict[str, Any]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
START = {"type": "http.response.start", "status": 200, "headers": []}


def body(text: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": text, "more_body": more}


async def ended(app: App, *received: str, sends: Callable[[Message], None] | None = None) -> Ended:
    """How one request to an application ended; the server has these types of messages for it."""
    events: list[Ended] = []
    waiting = [{"type": kind} for kind in received]

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        if sends is not None:
            sends(message)

    async def publish(type: str, data: dict[str, Any]) -> None:
        events.append((type, data))

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with anyio.CancelScope() as cancelling:
        traced = Traced(app, RequestTracingSettings(), publish)
        scope["cancelling"] = cancelling
        with contextlib.suppress(Exception):
            await traced(scope, receive, send)
    (event,) = events
    return event


async def test_a_client_that_leaves_a_stream_is_no_failure() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def pieces() -> Any:
            yield b"one"
            await anyio.sleep_forever()

        await StreamingResponse(pieces())(scope, receive, send)

    type, data = await ended(app, "http.disconnect")

    assert type == "request.aborted"
    assert (data["status"], data["reason"]) == (200, "disconnected")


async def test_a_client_that_leaves_while_it_uploads_is_no_failure() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    type, data = await ended(app, "http.disconnect")

    assert (type, data["status"], data["reason"]) == ("request.aborted", None, "disconnected")


async def test_a_server_that_refuses_to_send_says_that_the_client_has_left() -> None:
    def gone(message: Message) -> None:
        raise OSError("gone")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)

    assert (await ended(app, sends=gone))[0] == "request.aborted"


async def test_what_goes_wrong_after_the_client_has_left_is_a_failure_all_the_same() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise KeyError("in cleaning up")

    type, data = await ended(app, "http.disconnect")

    assert (type, data["error"]) == ("request.failed", "KeyError")


async def test_a_disconnect_after_the_whole_response_means_nothing() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(body(b"one", more=True))
        await send(body(b"two"))
        await receive()

    assert (await ended(app, "http.disconnect"))[0] == "request.completed"


async def test_an_application_that_ends_too_early_has_failed() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(body(b"one", more=True))

    type, data = await ended(app)

    assert (type, data["error"]) == ("request.failed", "no whole response")


async def test_a_server_that_cancels_a_request_is_no_failure() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["cancelling"].cancel()
        await anyio.lowlevel.checkpoint()

    type, data = await ended(app)

    assert (type, data["reason"]) == ("request.aborted", "cancelled")


async def test_groups_of_errors_are_what_is_in_them() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise ExceptionGroup("task groups", [OSError("gone"), ExceptionGroup("", [OSError()])])

    assert (await ended(app, "http.disconnect"))[0] == "request.aborted"
