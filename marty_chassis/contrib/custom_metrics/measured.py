"""The application with its requests measured: ASGI, from the first byte to the end of the body."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from marty_chassis.web.contents import BODIES, is_last
from marty_chassis.web.paths import route_path
from marty_chassis.web.template import template
from marty_hookspecs.web import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from .requests import Requests

UNMATCHED: Final = "unmatched"
"""For a request that no route wanted, or whose framework does not say which one did."""


class Measured:
    """The application inside; figures are told of each of its requests and websockets."""

    def __init__(self, app: ASGIApp, figures: Requests) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or one websocket."""
        if scope["type"] == "http":
            exchange: Exchange | Socket = Exchange(self._figures, scope, receive, send)
        elif scope["type"] == "websocket":
            exchange = Socket(self._figures, scope, receive, send)
        else:
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            exchange.failed()
            raise
        finally:
            exchange.end()

    def __repr__(self) -> str:
        return f"<Measured {self._app!r}>"


class Exchange:
    """One request and its response."""

    __slots__ = (
        "_began", "_came", "_figures", "_left", "_path", "_receive", "_scope", "_seconds", "_send",
        "_status", "_told", "_went",
    )  # fmt: skip

    def __init__(self, figures: Requests, scope: Scope, receive: Receive, send: Send) -> None:
        self._figures = figures
        self._scope = scope
        self._path = route_path(scope)
        self._receive = receive
        self._send = send
        self._status: int | None = None
        self._came = self._went = 0
        self._left = False
        self._seconds: float | None = None
        self._told = False
        figures.request_began(scope["method"])
        self._began = perf_counter()

    async def receive(self) -> Message:
        """Give the server's next message."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._came += len(message.get("body", b""))
        elif message["type"] == "http.disconnect":
            self._left = True
        return message

    async def send(self, message: Message) -> None:
        """Send a message; with the last of the body the response has ended.

        What the application does afterwards is waited for only where nobody has said yet which
        route it was: whoever has given the application a copy of the scope may say so at the end.
        """
        kind = message["type"]
        if kind == "http.response.start":
            self._status = message["status"]
        await self._send(message)
        if kind in BODIES:
            self._went += len(message.get("body", b""))
            if is_last(message):
                self._seconds = perf_counter() - self._began
                if "route" in self._scope:
                    self.end()

    def failed(self) -> None:
        """Note that the application raised: where nothing was sent, the server answers 500."""
        if not self._left:
            self._status = self._status or 500

    def end(self) -> None:
        """Tell how it went, once."""
        if self._told:
            return
        self._told = True
        seconds = perf_counter() - self._began if self._seconds is None else self._seconds
        route = template(self._scope, self._path) or UNMATCHED
        self._figures.request_ended(
            self._scope["method"], route, self._status, seconds, self._came, self._went
        )


class Socket:
    """One websocket."""

    __slots__ = ("_accepted", "_figures", "_path", "_scope", "_send", "receive")

    def __init__(self, figures: Requests, scope: Scope, receive: Receive, send: Send) -> None:
        self._figures = figures
        self._scope = scope
        self._path = route_path(scope)
        self._send = send
        self._accepted = False
        self.receive = receive

    async def send(self, message: Message) -> None:
        """Send a message."""
        await self._send(message)
        if message["type"] == "websocket.accept":
            self._accepted = True
            self._figures.socket_opened()

    def failed(self) -> None:
        """What the application raises ends the connection, and makes no other figure of it."""

    def end(self) -> None:
        """Tell how it went."""
        route = template(self._scope, self._path) or UNMATCHED
        self._figures.socket_ended(route, self._accepted)
