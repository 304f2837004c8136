"""A websocket is traced from its handshake to its end."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from marty_chassis.contrib.request_tracing import RequestTracingSettings
from marty_chassis.contrib.request_tracing.middleware import Traced
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_chassis.testing import WebSocketRefused

from .conftest import Host

THEIRS = {"X-Correlation-ID": "theirs"}


async def talk(scope: Scope, receive: Receive, send: Send) -> None:
    websocket = WebSocket(scope, receive, send)
    await websocket.accept(headers=[(b"x-own", b"1")])
    await websocket.send_text(websocket.state.correlation_id)
    await websocket.send_text(websocket.headers["x-correlation-id"])
    while (message := await websocket.receive())["type"] == "websocket.receive":
        if message["text"] == "boom":
            raise ValueError("told to")


async def test_a_websocket_has_the_id_of_its_handshake_and_an_event_when_it_ends(
    traced: Host,
) -> None:
    async with traced(app=talk) as host:
        async with host.websocket("/ws", headers=THEIRS) as websocket:
            assert [await websocket.receive(), await websocket.receive()] == ["theirs", "theirs"]

        data = (await host.events.wait_for("request.completed")).data
        assert data.pop("seconds") > 0
        assert data == {
            "method": "WEBSOCKET",
            "path": "/ws",
            "status": 101,
            "correlation_id": "theirs",
        }


async def test_a_handshake_that_a_plugin_refuses_is_an_event_with_its_status(traced: Host) -> None:
    @plugin(name="doorman")
    class Doorman(IMiddlewarePlugin):
        async def process_websocket(self, websocket: Any, call_next: Any) -> None:
            await websocket.close()

    async with traced(app=talk, neighbours=[Doorman]) as host:
        with pytest.raises(WebSocketRefused):
            async with host.websocket("/ws"):
                pass

        assert (await host.events.wait_for("request.completed")).data["status"] == 403


# Driven by hand: what the server gets. ----------------------------------------------------------


async def driven(app: Any, *received: Message) -> tuple[list[Message], list[Any]]:
    sent: list[Message] = []
    events: list[Any] = []
    waiting = [{"type": "websocket.connect"}, *received]

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def publish(type: str, data: dict[str, Any]) -> None:
        events.append((type, data["status"], data.get("reason") or data.get("error")))

    scope = {
        "type": "websocket",
        "path": "/ws",
        "headers": [(b"x-correlation-id", b"theirs")],
        "extensions": {"websocket.http.response": {}},
    }
    with contextlib.suppress(Exception):
        await Traced(app, RequestTracingSettings(), publish)(scope, receive, send)
    return sent, events


def header(message: Message, name: bytes) -> list[bytes]:
    return [value for key, value in message["headers"] if key == name]


async def test_the_acceptance_carries_the_id_and_the_time() -> None:
    sent, _ = await driven(talk, {"type": "websocket.disconnect", "code": 1000})

    accept = sent[0]
    assert accept["type"] == "websocket.accept"
    assert header(accept, b"x-correlation-id") == [b"theirs"]
    assert header(accept, b"x-own") == [b"1"]
    assert float(header(accept, b"x-processing-time")[0]) >= 0


async def test_a_denial_carries_the_id() -> None:
    async def deny(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"no"})

    sent, events = await driven(deny)

    assert header(sent[0], b"x-correlation-id") == [b"theirs"]
    assert events == [("request.completed", 401, None)]


async def test_a_client_that_leaves_and_an_application_that_fails_are_told_apart() -> None:
    async def leaves(scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        await websocket.receive_text()  # raises WebSocketDisconnect

    _, left = await driven(leaves, {"type": "websocket.disconnect", "code": 1006})
    _, failed = await driven(talk, {"type": "websocket.receive", "text": "boom"})

    assert left == [("request.aborted", 101, "disconnected")]
    assert failed == [("request.failed", 101, "ValueError")]
