"""The request as plugins see it: Starlette's, with headers and a body that can be changed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from marty_chassis.boundary.words import consists_of

from .body import RequestBody
from .headers import CombinedHeaders, HeadersOf

LEFT = (ClientDisconnect, WebSocketDisconnect)
"""What says that the client has gone, in someone else's code that was listening to it."""


class PluginRequest(Request):
    """A `starlette.requests.Request`; what is changed here the application sees.

    Setting a header replaces all that the client sent of that name. The body may be read by any
    number of plugins, and by the application after them. The server's own scope is never changed,
    but for the route that was found; after `call_next` the scope is the application's.
    When the application is run again it gets the scope as it was before it ran first, and the
    headers as they are now.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not super's: one is made for every request, and its attributes are set once.
        self.scope = dict(scope)
        self.made_headers: CombinedHeaders | None = None
        self._original: Scope | None = scope
        self._pristine: Scope | None = None
        self._server_receive = receive
        self._send = send
        self._content: RequestBody | None = None
        self._reader: Receive | None = None
        self._stream_consumed = False
        self._is_disconnected = False
        self._form = None

    if TYPE_CHECKING:

        @property
        def headers(self) -> CombinedHeaders:
            """Case-insensitive and mutable."""
            ...
    else:
        headers = HeadersOf(lambda request: request.scope["headers"])

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives; unlike Starlette's it can be asked for again."""
        if hasattr(self, "_body"):
            yield self._body
        else:
            position, more = 0, True
            while more:
                message = await self.content.read(position, keep=True)
                if message["type"] == "http.disconnect":
                    self._is_disconnected = True
                    raise ClientDisconnect()
                position, more = position + 1, message.get("more_body", False)
                if chunk := message.get("body", b""):
                    yield chunk
        yield b""

    def replace_body(self, body: bytes | str) -> None:
        """Give the application and the plugins after this one another body; a `str` as UTF-8.

        Sets `content-length` and removes `content-encoding` and `transfer-encoding`.
        """
        self._body = in_bytes(body)
        self.content.replace(self._body)
        for name in ("_json", "_form"):
            self.__dict__.pop(name, None)
        headers = self.headers
        del headers["transfer-encoding"], headers["content-encoding"]
        headers["content-length"] = str(len(self._body))

    # What follows is for the host ----------------------------------------------------------------

    @property
    def content(self) -> RequestBody:
        """The body, for all who read it."""
        if self._content is None:
            self._content = RequestBody(self._server_receive)
        return self._content

    def for_application(self) -> Scope:
        """The scope for one run of the application: the server's own if nothing was changed."""
        headers = self.made_headers.rewritten() if self.made_headers is not None else None
        original = self._original
        given: Scope
        if original is None:
            given = dict(self._pristine or {})
        else:
            self._pristine, self._original = self.scope, None
            if headers is None and self.scope == original:
                given = original
            else:
                given = dict(self.scope)
        if headers is not None:
            given["headers"] = list(headers)
        self.scope = given
        return given

    def receive_for_application(self) -> Receive:
        """Where one run of the application receives from."""
        return self.content.reader()

    def receive_once(self) -> Receive:
        """The same for an application that is run only once: the server itself if it may be."""
        return self._server_receive if self._content is None else self.content.reader()

    @property
    def left(self) -> bool:
        """Whether whoever has read from it was told that the client has gone."""
        return self._content is not None and self._content.gone

    # Starlette's methods, and its property `receive`, call it by this name.
    @property
    def _receive(self) -> Receive:  # type: ignore[override]
        if self._reader is None:
            self._reader = self.content.reader(keep=True)
        return self._reader

    def __repr__(self) -> str:
        return f"<PluginRequest {self.scope['method']} {self.scope['path']}>"


def says_it_left(error: BaseException, request: Request) -> bool:
    """Whether an error says that the client has gone, and it has: that is no plugin's fault."""
    left = request.left if isinstance(request, PluginRequest) else request._is_disconnected
    return left and consists_of(error, ClientDisconnect)


def in_bytes(body: Any) -> bytes:
    """Give a body as bytes; raises `TypeError` for what is none."""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    raise TypeError(f"a body is bytes or str, not {type(body).__name__}")
