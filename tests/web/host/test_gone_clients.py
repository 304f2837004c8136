"""Clients that go while a plugin listens to them: no fault of the plugin, and nobody to answer."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

from .drive import House, Processing, ask, hello, http_scope, passing
from .test_websockets import Socket, talk
from .test_wrapping import Wrapping

OFTEN = 6
"""One more than the faults that open the breaker of an open plugin."""


async def leaves(app: ASGIApp) -> list[Message]:
    """Send half of a body and go; gives what was sent to nobody."""
    incoming: list[Message] = [{"type": "http.request", "body": b"half", "more_body": True}]
    sent: list[Message] = []

    async def receive() -> Message:
        await anyio.lowlevel.checkpoint()
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    with anyio.fail_after(2):
        await app(http_scope(method="POST"), receive, send)
    return sent


class Before:
    """Reads the body before the request goes on."""

    @hookimpl
    async def middleware_pre_request(self, request: Any) -> None:
        await request.body()


class After:
    """Reads the body when there is a response."""

    @hookimpl
    async def middleware_post_response(self, response: Any, request: Any) -> None:
        await request.body()


async def reading(request: Any, call_next: Any) -> Any:
    await request.body()
    return await call_next(request)


async def reading_itself(request: Any, call_next: Any) -> Any:
    await Request(request.scope, request.receive).body()
    return await call_next(request)


async def reading_in_a_group(request: Any, call_next: Any) -> Any:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(request.body)
    return await call_next(request)


READERS = {
    "before": Before(),
    "after": After(),
    "around": Processing(reading),
    "with a request of its own": Processing(reading_itself),
    "in a group": Processing(reading_in_a_group),
}


@pytest.mark.parametrize("outer", [False, True], ids=["alone", "inside of another"])
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("reader", READERS)
async def test_who_goes_during_an_upload(
    house: House, reader: str, closed: bool, outer: bool
) -> None:
    runs: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        runs.append(1)
        await hello(scope, receive, send)

    if outer:
        house.plugin("outer", Processing(passing))
    house.plugin("reader", READERS[reader], closed=closed)
    host = Host(app, house.manager)

    sent = [await leaves(host) for _ in range(OFTEN)]
    answer = await ask(host, method="POST", body=[b"whole"])

    assert sent == [[]] * OFTEN
    assert answer.body == b"hello"
    assert len(runs) == (1 if reader != "after" else OFTEN + 1)
    assert house.faults("reader") == house.faults("outer") == []


async def test_a_plugin_that_only_says_so_is_at_fault(house: House) -> None:
    async def lying(request: Any, call_next: Any) -> Any:
        raise ClientDisconnect

    answer = await ask(house.around(hello, lying))

    assert answer.status == 500
    assert house.faults("p0") == ["ClientDisconnect"]


async def listening(websocket: Any, call_next: Any) -> None:
    await websocket.accept()
    if await websocket.receive_text() == "the password":
        await call_next(websocket)


async def greeting(websocket: Any, call_next: Any) -> None:
    await websocket.accept()
    await websocket.send_text("who are you?")
    await call_next(websocket)


async def accepting(websocket: Any, call_next: Any) -> None:
    await websocket.accept()
    await call_next(websocket)


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize(
    ("guard", "fails"),
    [(listening, None), (greeting, "websocket.send"), (accepting, "websocket.accept")],
)
async def test_who_goes_during_the_handshake_opens_the_door_to_nobody(
    house: House, guard: Any, fails: str | None, closed: bool
) -> None:
    runs: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        runs.append(1)

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == fails:
                raise OSError("the client has gone")
            await send(message)

        await host(scope, receive, sent)

    house.plugin("guard", Socket(guard), closed=closed)
    host = Host(app, house.manager)

    ends = [await talk(server) for _ in range(OFTEN)]

    assert [error for _, error in ends] == [None] * OFTEN
    assert runs == []
    assert house.faults("guard") == []


async def test_the_applications_own_disconnect_goes_to_the_server(house: House) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        await websocket.receive_text()

    async def around(websocket: Any, call_next: Any) -> None:
        await call_next(websocket)

    house.plugin("socket", Socket(around))

    _, error = await talk(Host(app, house.manager))

    assert isinstance(error, WebSocketDisconnect)
    assert house.faults("socket") == []


async def test_a_plugins_route_ends_as_one_of_the_application_would(house: House) -> None:
    async def endpoint(request: Request) -> Any:
        await request.body()

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    class Bringing:
        @hookimpl
        def web_routes(self) -> Any:
            return [Route("/", endpoint, methods=["POST"]), WebSocketRoute("/ws", socket)]

    await house.staged("routes", Bringing())
    host = Host(hello, house.manager)

    with pytest.raises(ClientDisconnect):
        await leaves(host)
    _, error = await talk(host)

    assert isinstance(error, WebSocketDisconnect)
    assert house.faults("routes") == []


async def test_a_wrapping_middleware_is_not_at_fault_either(house: House) -> None:
    def reading(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            await Request(scope, receive).body()
            await app(scope, receive, send)

        return wrapped

    await house.staged("wrapping", Wrapping(reading))

    assert await leaves(Host(hello, house.manager)) == []
    assert house.faults("wrapping") == []
