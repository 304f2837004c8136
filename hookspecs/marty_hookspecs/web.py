"""Plugins bring routes, or wrap the whole application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from .point import ErrorPolicy, ExtensionPointType, extension_point

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI 3 application."""


@extension_point("web.wrap", type=ExtensionPointType.AROUND, on_error=ErrorPolicy.RAISE)
async def web_wrap(app: ASGIApp) -> ASGIApp:
    """Return the application wrapped in a middleware of the ASGI kind.

    :called: once each time the plugin is staged, before a request can see it.
    :results: the one with the lowest priority is outermost; outside all of `middleware.*`.
    :errors: the plugin's start fails; nothing of it becomes visible.

    >>> class Compressed:
    ...     @hookimpl
    ...     def web_wrap(self, app):
    ...         async def wrapped(scope, receive, send):
    ...             await app(scope, receive, send)
    ...         return wrapped
    """
    ...


@extension_point("web.routes", type=ExtensionPointType.PROVIDER, on_error=ErrorPolicy.RAISE)
async def web_routes() -> Sequence[Any] | None:
    """Give Starlette routes (`Route`, `Mount`, `WebSocketRoute`) that live as long as the plugin.

    :called: once each time the plugin is staged, before a request can see it.
    :results: all routes become one table; a route that the application already has wins.
    :errors: the plugin's start fails; nothing of it becomes visible.

    >>> class Hello:
    ...     @hookimpl
    ...     def web_routes(self):
    ...         return []  # [Route("/hello", endpoint)]
    """
    ...
