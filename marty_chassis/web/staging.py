"""What of a plugin is asked once, before a request can see it: its routes and its middleware."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from marty_chassis.errors import WrongAnswer
from marty_chassis.hooks import Handler, Registrations, is_awaitable

from .contained import contained
from .routes import ROUTES
from .wrapping import LAYERS, Layer, Next

WRAP, BRING = "web_wrap", "web_routes"


async def stage(registrations: Registrations) -> None:
    """Ask a plugin `web.wrap` and `web.routes` and enter the answers into its registrations.

    To be called in its start, before anything is published: whatever it raises, `WrongAnswer`
    among it, makes the start fail.
    """
    for handler in registrations.handlers(WRAP):
        inside = Next(registrations.manager.selector)
        wrapped = await _asked(handler, inside)
        if not callable(wrapped):
            raise _wrong(handler, wrapped, "the application wrapped, or the application itself.")
        if wrapped is not inside:
            around = contained(cast(ASGIApp, wrapped), handler, registrations.manager.failures)
            registrations.add(LAYERS, Layer(handler, around, inside))
    for handler in registrations.handlers(BRING):
        routes = await _asked(handler)
        if routes is not None:
            registrations.add(ROUTES, _checked(handler, routes))


async def _asked(handler: Handler, *arguments: object) -> Any:
    # A hookimpl may take less than its specification offers.
    answer = handler.function(*arguments[: len(handler.parameters)])
    return await answer if is_awaitable(answer) else answer


def _checked(handler: Handler, routes: Any) -> tuple[BaseRoute, ...]:
    wanted = "a list of Starlette routes: Route, Mount, WebSocketRoute."
    if not isinstance(routes, Iterable) or isinstance(routes, (str, bytes)):
        raise _wrong(handler, routes, wanted)
    listed = tuple(routes)
    for route in listed:
        if not isinstance(route, BaseRoute):
            raise _wrong(handler, route, wanted)
    return listed


def _wrong(handler: Handler, answer: object, wanted: str) -> WrongAnswer:
    hook = handler.hook.replace("_", ".", 1)
    return WrongAnswer(handler.plugin, hook, f"{type(answer).__name__}: {answer!r:.80}", wanted)
