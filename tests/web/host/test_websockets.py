"""Websockets: untouched unless a plugin asks for them, then nested in the server's task."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

from .drive import House, Processing, passing


class Socket:
    """A plugin of one function around websockets."""

    def __init__(self, function: Any) -> None:
        self.function = function

    @hookimpl
    async def middleware_websocket(self, websocket: Any, call_next: Any) -> Any:
        return await self.function(websocket, call_next)


async def echo(websocket: WebSocket) -> None:
    await websocket.accept(websocket.headers.get("x-protocol"))
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


app = Starlette(routes=[WebSocketRoute("/ws", echo)])


async def talk(
    app: ASGIApp, *said: str, path: str = "/ws", deny: bool = False, **more: Any
) -> tuple[list[Message], BaseException | None]:
    """Open a websocket, say something, close; gives what came back."""
    incoming: list[Message] = [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": one} for one in said),
        {"type": "websocket.disconnect", "code": 1000, "reason": ""},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        await anyio.lowlevel.checkpoint()
        return incoming.pop(0)

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        sent.append(message)

    scope: Scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"x-user", b"client")],
        "subprotocols": [],
        **({"extensions": {"websocket.http.response": {}}} if deny else {}),
        **more,
    }
    with anyio.fail_after(2):
        try:
            await app(scope, receive, send)
        except Exception as error:
            return sent, error
    return sent, None


def types(sent: list[Message]) -> list[str]:
    return [message["type"] for message in sent]


async def test_plugins_for_requests_do_not_touch_them(house: House) -> None:
    async def never(request: Any, call_next: Any) -> Any:
        raise AssertionError

    house.plugin("request", Processing(never))

    sent, error = await talk(Host(app, house.manager), "hi")

    assert (sent, error) == await talk(app, "hi")


async def test_a_plugin_stands_around_the_whole_connection(house: House) -> None:
    happened: list[object] = []

    async def around(websocket: Any, call_next: Any) -> None:
        assert isinstance(websocket, WebSocket)
        with anyio.fail_after(1):
            happened.append(websocket.url.path)
            happened.append(await call_next(websocket))
        happened.append("after")

    house.plugin("socket", Socket(around))

    sent, error = await talk(Host(app, house.manager), "hi", "you")

    assert error is None
    assert [message.get("text") for message in sent] == [None, "hi", "you"]
    assert happened == ["/ws", None, "after"]


async def test_it_runs_in_the_servers_task(house: House) -> None:
    ids: list[int] = []

    async def around(websocket: Any, call_next: Any) -> None:
        ids.append(anyio.get_current_task().id)
        await call_next(websocket)

    house.plugin("socket", Socket(around))
    await talk(Host(app, house.manager))

    assert ids == [anyio.get_current_task().id]


async def test_headers_set_by_a_plugin_reach_the_application(house: House) -> None:
    async def around(websocket: Any, call_next: Any) -> None:
        websocket.headers["X-User"] = "plugin"
        websocket.headers["x-protocol"] = "chat"
        websocket.state.seen = True
        await call_next(websocket)

    seen: list[Any] = []

    async def endpoint(websocket: WebSocket) -> None:
        seen.extend([websocket.headers.getlist("x-user"), websocket.state.seen])
        await echo(websocket)

    house.plugin("socket", Socket(around))
    inner = Starlette(routes=[WebSocketRoute("/ws", endpoint)])
    sent, _ = await talk(Host(inner, house.manager))

    assert seen == [["plugin"], True]
    assert sent[0]["subprotocol"] == "chat"


async def test_returning_refuses_the_handshake(house: House) -> None:
    async def refusing(websocket: Any, call_next: Any) -> None:
        pass

    house.plugin("socket", Socket(refusing))

    sent, error = await talk(Host(app, house.manager))

    assert types(sent) == ["websocket.close"]
    assert error is None


async def test_closing_refuses_it_once(house: House) -> None:
    async def refusing(websocket: Any, call_next: Any) -> None:
        await websocket.close(4001, "no ticket")

    house.plugin("socket", Socket(refusing))

    sent, _ = await talk(Host(app, house.manager))

    assert sent == [{"type": "websocket.close", "code": 4001, "reason": "no ticket"}]


async def test_a_refusal_may_have_a_response_of_its_own(house: House) -> None:
    async def refusing(websocket: Any, call_next: Any) -> None:
        await websocket.send_denial_response(PlainTextResponse("no ticket", 401))

    house.plugin("socket", Socket(refusing))

    sent, error = await talk(Host(app, house.manager), deny=True)

    assert types(sent) == ["websocket.http.response.start", "websocket.http.response.body"]
    assert sent[0]["status"] == 401
    assert error is None


@pytest.mark.parametrize("deny", [True, False])
async def test_a_fault_denies_with_500_where_that_can_be_said(house: House, deny: bool) -> None:
    async def broken(websocket: Any, call_next: Any) -> None:
        raise ValueError("mine")

    async def around(websocket: Any, call_next: Any) -> None:
        async with anyio.create_task_group():
            await call_next(websocket)

    house.plugin("a", Socket(around))
    house.plugin("b", Socket(broken))

    sent, error = await talk(Host(app, house.manager), deny=deny)

    assert error is None
    assert house.faults("a") == []
    assert house.faults("b") == ["ValueError"]
    if deny:
        assert sent[0]["status"] == 500
        assert b"mine" not in sent[1]["body"]
    else:
        assert types(sent) == ["websocket.close"]


async def test_a_fault_after_the_handshake_closes_the_connection(house: House) -> None:
    async def broken(websocket: Any, call_next: Any) -> None:
        await websocket.accept()
        raise ValueError

    house.plugin("socket", Socket(broken))

    sent, _ = await talk(Host(app, house.manager))

    assert types(sent) == ["websocket.accept", "websocket.close"]
    assert sent[1]["code"] == 1011


async def test_an_answer_that_is_not_nothing_is_the_plugins_fault(house: House) -> None:
    async def senseless(websocket: Any, call_next: Any) -> Any:
        return PlainTextResponse("no", 401)

    house.plugin("socket", Socket(senseless))

    sent, _ = await talk(Host(app, house.manager), deny=True)

    assert sent[0]["status"] == 500
    (fault,) = house.manager.faults.recent("socket")
    assert "send_denial_response" in fault.message


async def test_call_next_with_nonsense_is_a_fault_too(house: House) -> None:
    async def senseless(websocket: Any, call_next: Any) -> Any:
        await call_next(None)

    house.plugin("socket", Socket(senseless))

    await talk(Host(app, house.manager))

    assert house.faults("socket") == ["TypeError"]


async def test_an_open_plugin_that_fails_is_left_out(house: House) -> None:
    async def broken(websocket: Any, call_next: Any) -> None:
        raise ValueError

    house.plugin("open", Socket(broken), closed=False)

    sent, _ = await talk(Host(app, house.manager), "hi")

    assert types(sent) == ["websocket.accept", "websocket.send"]


async def test_an_error_of_the_application_is_no_plugins(house: House) -> None:
    boom = ValueError("the application's")

    async def failing(websocket: WebSocket) -> None:
        await websocket.accept()
        raise boom

    async def around(websocket: Any, call_next: Any) -> None:
        await call_next(websocket)

    house.plugin("a", Socket(around))
    inner = Starlette(routes=[WebSocketRoute("/ws", failing)])

    _sent, error = await talk(Host(inner, house.manager))

    assert error is boom
    assert house.faults("a") == []


async def test_the_application_gets_the_handshake_that_a_plugin_received(house: House) -> None:
    async def receiving(websocket: Any, call_next: Any) -> None:
        assert (await websocket.receive())["type"] == "websocket.connect"
        await call_next(websocket)

    house.plugin("a", Socket(receiving))

    sent, error = await talk(Host(app, house.manager), "hi")

    assert types(sent) == ["websocket.accept", "websocket.send"]
    assert error is None


async def test_a_websocket_of_ones_own_is_passed_as_it_is(house: House) -> None:
    async def replacing(websocket: Any, call_next: Any) -> None:
        scope = {**websocket.scope, "path": "/ws"}
        await call_next(WebSocket(scope, websocket._receive, websocket._send))

    house.plugin("a", Socket(replacing))

    sent, _ = await talk(Host(app, house.manager), "hi", path="/other")

    assert types(sent) == ["websocket.accept", "websocket.send"]


async def test_a_scope_limits_it(house: House) -> None:
    async def refusing(websocket: Any, call_next: Any) -> None:
        pass

    house.plugin("a", Socket(refusing), scope="/private")
    host = Host(app, house.manager)

    assert types((await talk(host))[0]) == ["websocket.accept"]
    assert types((await talk(host, path="/private/ws"))[0]) == ["websocket.close"]


async def test_messages_pass_in_order_and_unknown_ones_too(house: House) -> None:
    async def odd(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.future", "x": 1})
        await send({"type": "websocket.close"})

    house.plugin("a", Socket(passing))

    sent, _ = await talk(Host(odd, house.manager))

    assert types(sent) == ["websocket.accept", "websocket.future", "websocket.close"]
