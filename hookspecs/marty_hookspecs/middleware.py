"""A request passes through plugins, and its response comes back through them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Protocol, overload

from .point import ErrorPolicy, ExtensionPointType, extension_point


class Headers(Protocol):
    """Headers by name, in upper or lower case; Starlette's `MutableHeaders` are such."""

    def __getitem__(self, key: str, /) -> str: ...

    def __setitem__(self, key: str, value: str, /) -> None:
        """Set a header, instead of all there are of that name."""
        ...

    def __delitem__(self, key: str, /) -> None:
        """Remove all of that name; there need not be one."""
        ...

    def __contains__(self, key: object, /) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...

    def __len__(self) -> int: ...

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, default: str, /) -> str:
        """Give the first of that name, or the default."""
        ...

    def getlist(self, key: str, /) -> list[str]:
        """Give all of that name."""
        ...

    def items(self) -> Iterable[tuple[str, str]]:
        """Give all of them, names in lower case."""
        ...

    def append(self, key: str, value: str, /) -> None:
        """Add one beside those of that name."""
        ...

    def setdefault(self, key: str, value: str, /) -> str:
        """Set a header if there is none of that name; gives what is there then."""
        ...


class Request(Protocol):
    """What plugins may do with a request: Starlette's `Request`, with headers that can be set."""

    @property
    def method(self) -> str:
        """`GET`, `POST`, ..."""
        ...

    @property
    def url(self) -> Any:
        """Starlette's `URL`: `.path`, `.query`, ..."""
        ...

    @property
    def headers(self) -> Headers:
        """Case-insensitive; setting one replaces all that the client sent of that name."""
        ...

    @property
    def query_params(self) -> Mapping[str, str]:
        """The query string, decoded."""
        ...

    @property
    def scope(self) -> MutableMapping[str, Any]:
        """The ASGI scope that the application will get."""
        ...

    @property
    def state(self) -> Any:
        """Attributes shared by the plugins and the application for this request."""
        ...

    async def body(self) -> bytes:
        """The whole body; the application can read it again."""
        ...


class Response(Protocol):
    """What plugins may do with a response, the application's or one of their own."""

    status_code: int

    @property
    def headers(self) -> Headers:
        """Case-insensitive and mutable until the response leaves the last plugin."""
        ...


class WebSocket(Protocol):
    """Starlette's `WebSocket`, before it is accepted."""

    @property
    def url(self) -> Any:
        """Starlette's `URL`."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the handshake."""
        ...

    @property
    def scope(self) -> MutableMapping[str, Any]:
        """The ASGI scope that the application will get."""
        ...

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Refuse the handshake (HTTP 403), or end an accepted connection."""
        ...


CallNext = Callable[[Request], Awaitable[Response]]
"""Run the rest, plugins and application, up to the start of the response."""

CallNextSocket = Callable[[WebSocket], Awaitable[None]]
"""Run the rest, plugins and application, until the connection ends."""


@extension_point(
    "middleware.pre_request", type=ExtensionPointType.FILTER, on_error=ErrorPolicy.RAISE
)
async def middleware_pre_request(request: Request) -> Request | Response:
    """Change the request, or answer it at once.

    :called: for each request of the application, inside all of `middleware.process`.
    :results: a request is handed on, `None` means no change, a response is the answer.
    :errors: the request is answered with 500, unless the plugin's failure policy is open.

    >>> class Stamp:
    ...     @hookimpl
    ...     async def middleware_pre_request(self, request):
    ...         request.headers["x-stamp"] = "1"
    """
    ...


@extension_point("middleware.process", type=ExtensionPointType.AROUND, on_error=ErrorPolicy.RAISE)
async def middleware_process(request: Request, call_next: CallNext) -> Response:
    """Stand around the rest of the request: `response = await call_next(request)`.

    :called: for each request of the application, outermost first (lowest priority first).
    :results: what the outermost plugin returns is sent; returning without `call_next` answers.
    :errors: the request is answered with 500, unless the plugin's failure policy is open.

    >>> class Timing:
    ...     @hookimpl(priority=10)
    ...     async def middleware_process(self, request, call_next):
    ...         response = await call_next(request)
    ...         response.headers["x-path"] = request.url.path
    ...         return response
    """
    ...


@extension_point("middleware.websocket", type=ExtensionPointType.AROUND, on_error=ErrorPolicy.RAISE)
async def middleware_websocket(websocket: WebSocket, call_next: CallNextSocket) -> None:
    """Stand around a websocket: let it through with `await call_next(websocket)`, or close it.

    :called: for each handshake, outermost first; `call_next` returns when the connection ends.
    :results: none; a plugin that returns without `call_next` refuses the handshake.
    :errors: the handshake is refused with 500, unless the plugin's failure policy is open.

    >>> class Doorman:
    ...     @hookimpl
    ...     async def middleware_websocket(self, websocket, call_next):
    ...         if "x-ticket" in websocket.headers:
    ...             await call_next(websocket)
    """
    ...


@extension_point(
    "middleware.post_response", type=ExtensionPointType.FILTER, on_error=ErrorPolicy.RAISE
)
async def middleware_post_response(response: Response, request: Request) -> Response:
    """Change the response, or replace it.

    :called: when the application's response starts, inside all of `middleware.process`.
    :results: each plugin receives what the one before it returned; `None` means no change.
    :errors: the request is answered with 500, unless the plugin's failure policy is open.

    >>> class Header:
    ...     @hookimpl
    ...     async def middleware_post_response(self, response, request):
    ...         response.headers["x-served"] = request.method
    """
    ...
