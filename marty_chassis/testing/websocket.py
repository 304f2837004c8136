"""The client's end of a websocket, without a server between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from types import TracebackType
from typing import Self

import anyio

from marty_chassis.boundary import Detached, spawn
from marty_hookspecs.web import ASGIApp, Message, Scope

from .failures import WebSocketRefused

PATIENCE = 5.0
"""Seconds that an application may take to end a websocket that the client has closed."""


class WebSocketClient:
    """The client's end of a websocket; `async with` opens and closes it."""

    def __init__(
        self, app: ASGIApp, path: str, headers: Mapping[str, str], subprotocols: Iterable[str]
    ) -> None:
        self._app = app
        self._scope = _handshake(path, headers, list(subprotocols))
        self.subprotocol: str | None = None
        """The one that the application chose."""
        self._to_app = anyio.create_memory_object_stream[Message](inf)
        self._from_app = anyio.create_memory_object_stream[Message](inf)
        self._task: Detached[None]

    async def send(self, data: str | bytes) -> None:
        """Send a message."""
        kind = "text" if isinstance(data, str) else "bytes"
        await self._to_app[0].send({"type": "websocket.receive", kind: data})

    async def receive(
        self,
        timeout: float = 2.0,  # noqa: ASYNC109 - what a test says is how long it waits
    ) -> str | bytes:
        """Give the next message, waiting for it so many seconds.

        Raises `EOFError` when the application has closed the websocket, and `TimeoutError`.
        """
        message = await self._next(timeout)
        if message is None or message["type"] == "websocket.close":
            raise EOFError("the application has closed the websocket")
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    async def __aenter__(self) -> Self:
        await self._to_app[0].send({"type": "websocket.connect"})
        self._task = spawn(self._run, name="websocket")
        try:
            message = await self._next(None)
            if message is None:
                await self._task.wait()
                self._task.result()
                raise WebSocketRefused(self._scope["path"], None, None)
            if message["type"] == "websocket.close":
                raise WebSocketRefused(self._scope["path"], message.get("code", 1000), None)
            if message["type"] == "websocket.http.response.start":
                raise WebSocketRefused(self._scope["path"], None, message["status"])
        except BaseException:
            await self._end()
            raise
        self.subprotocol = message.get("subprotocol")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._end()
        if error is None:
            self._task.result()

    async def _end(self) -> None:
        with anyio.CancelScope(shield=True):
            self._to_app[0].send_nowait({"type": "websocket.disconnect", "code": 1000})
            if not await self._task.wait(PATIENCE):
                self._task.cancel()
                await self._task.wait(PATIENCE)
        for stream in (*self._to_app, *self._from_app):
            stream.close()

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._to_app[1].receive, self._from_app[0].send)
        finally:
            self._from_app[0].close()

    async def _next(self, seconds: float | None) -> Message | None:
        with anyio.fail_after(seconds):
            try:
                return await self._from_app[1].receive()
            except anyio.EndOfStream:
                return None

    def __repr__(self) -> str:
        return f"<WebSocketClient of {self._scope['path']}>"


def _handshake(path: str, headers: Mapping[str, str], subprotocols: list[str]) -> Scope:
    path, _, query = path.partition("?")
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"service"), *sent],
        "subprotocols": subprotocols,
        "client": ("127.0.0.1", 50000),
        "server": ("service", 80),
        "extensions": {"websocket.http.response": {}},
    }
