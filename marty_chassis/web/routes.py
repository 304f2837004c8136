"""Routes that plugins bring: one table for each generation, tried before the application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loguru import logger
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marty_chassis.boundary import Phase, is_fault
from marty_chassis.errors import HookFailed
from marty_chassis.hooks import Failures, Generation, Part, hook_failed

from .refusing import refuse
from .request import LEFT

HOOK = "web.routes"


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """One route of one plugin."""

    plugin: str
    route: BaseRoute


def _table(generation: Generation) -> tuple[Brought, ...]:
    return tuple(
        Brought(plugin, route) for plugin, routes in generation.entries(ROUTES) for route in routes
    )


ROUTES: Part[Sequence[BaseRoute], tuple[Brought, ...]] = Part("routes", _table)
"""What plugins answered to `web.routes`, by plugin, in their order."""


Address = tuple[type[BaseRoute], str | None, frozenset[str] | None]
"""What two routes have in common that answer the same requests: kind, pattern, methods."""


def with_routes(
    generation: Generation, app: ASGIApp, failures: Failures, warned: set[tuple[str, Address]]
) -> ASGIApp:
    """Put the plugins' routes before an application; the application itself if there are none.

    A route that the application has too is the application's, with a warning. Only a full match
    counts: another method of the same path is left to the application, as is everything else.
    """
    own = [_address(route) for route in getattr(app, "routes", ())]
    brought = []
    for one in generation.part(ROUTES):
        address = _address(one.route)
        if not _is_among(address, own):
            brought.append((one, _endpoint(one, app, failures)))
        elif (one.plugin, address) not in warned:
            warned.add((one.plugin, address))
            logger.bind(plugin=one.plugin).warning(
                "{} of plugin {!r} is left out: the application has the same route,"
                " and the application's own win. Give one of them another path.",
                one.route, one.plugin,
            )  # fmt: skip
    return _trying(brought, app) if brought else app


def _trying(brought: Sequence[tuple[Brought, ASGIApp]], app: ASGIApp) -> ASGIApp:
    async def trying(scope: Scope, receive: Receive, send: Send) -> None:
        for one, endpoint in brought:
            match, child = one.route.matches(scope)
            if match is Match.FULL:
                # In place, as Starlette's own router does it: plugins look for the route there.
                scope["route"] = one.route
                scope.update(child)
                await endpoint(scope, receive, send)
                return
        await app(scope, receive, send)

    return trying


def _endpoint(one: Brought, app: ASGIApp, failures: Failures) -> ASGIApp:
    """One route as an application that answers errors as an application does."""
    handled = ExceptionMiddleware(one.route.handle)
    router = Router([one.route])

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        # As for an endpoint of the application itself: `request.app`, `request.url_for`.
        scope.setdefault("app", app)
        scope.setdefault("router", router)
        try:
            await handled(scope, receive, sent)
            return
        except BaseException as error:
            # A client that goes while it is listened to is nobody's fault.
            if isinstance(error, (HookFailed, *LEFT)) or not is_fault(error):
                raise
            fault = failures.faults.report(error, plugin=one.plugin, phase=Phase.HOOK, hook=HOOK)
        if started:
            raise hook_failed(fault)
        await refuse(500, scope, receive, send)

    return endpoint


def _address(route: BaseRoute) -> Address:
    pattern = getattr(route, "path_regex", None) or getattr(route, "host_regex", None)
    kind = Route if isinstance(route, Route) else type(route)
    methods = getattr(route, "methods", None)
    return kind, pattern and pattern.pattern, frozenset(methods) if methods else None


def _is_among(address: Address, own: Sequence[Address]) -> bool:
    kind, pattern, methods = address
    return any(
        (kind, pattern) == (its_kind, its_pattern)
        and (methods is None or its_methods is None or bool(methods & its_methods))
        for its_kind, its_pattern, its_methods in own
    )
