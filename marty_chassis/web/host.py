"""The permanent ASGI middleware: what a request of the application passes through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from marty_chassis.hooks import Generation, HookManager, Part

from .outside import outside
from .refusing import refuse
from .requests import through_plugins
from .routes import Address, with_routes
from .sockets import socket_through_plugins
from .wrapping import LAYERS


class Gate(Protocol):
    """Knows whether the service may answer."""

    def missing_required(self) -> Collection[object]:
        """The required plugins that are not started; asked for every request."""
        ...


class Host:
    """An ASGI application around another: the plugins of the generation a request begins with.

    From the outside in: what plugins wrap (`web.wrap`), their request hooks (`middleware.*`), their
    routes (`web.routes`), the application. Whoever serves the management API does so before it
    comes here. What is neither request nor websocket goes to the application untouched.
    """

    def __init__(self, app: ASGIApp, manager: HookManager, gate: Gate | None = None) -> None:
        self.app = app
        self.gate = gate
        self._manager = manager
        self._selector = manager.selector
        self._warned: set[tuple[str, Address]] = set()
        # Parts of our own: two hosts of one manager have two applications.
        self._routed: Part[None, ASGIApp] = Part("routed", self._with_routes)
        self._requests: Part[None, ASGIApp] = Part("requests", self._through_requests)
        self._sockets: Part[None, ASGIApp] = Part("sockets", self._through_sockets)
        self._http: Part[None, ASGIApp] = Part("http", self._around_requests)
        self._websocket: Part[None, ASGIApp] = Part("websocket", self._around_websockets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one websocket."""
        kind = scope["type"]
        if kind == "http":
            part = self._http
        elif kind == "websocket":
            part = self._websocket
        else:
            await self.app(scope, receive, send)
            return
        if self._selector.holds and not await self._selector.let_in():
            await refuse(503, scope, receive, send)
            return
        if self.gate is not None and self.gate.missing_required():
            await refuse(503, scope, receive, send)
            return
        # What `with selector.pin():` does, written out: every request pays for it, also where there
        # are no plugins. One inside of another keeps that one's generation.
        variable = self._selector.variable
        around = variable.get()
        if around:
            generation = around[0]
        else:
            generation = self._selector.current
            receive, send = outside(variable, receive), outside(variable, send)
        lease = generation.lease
        pinned = [generation]
        token = variable.set(pinned)
        lease.count += 1
        try:
            await generation.part(part)(scope, receive, send)
        finally:
            pinned.clear()
            variable.reset(token)
            lease.count -= 1
            if not lease.count and lease.idle is not None:
                lease.idle()

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The application's own: where the host is mounted, `url_for` looks for them here."""
        routes: Sequence[BaseRoute] = getattr(self.app, "routes", ())
        return routes

    def _with_routes(self, generation: Generation) -> ASGIApp:
        return with_routes(generation, self.app, self._manager.failures, self._warned)

    def _through_requests(self, generation: Generation) -> ASGIApp:
        app = generation.part(self._routed)
        return through_plugins(generation, app, self._manager.failures)

    def _through_sockets(self, generation: Generation) -> ASGIApp:
        app = generation.part(self._routed)
        return socket_through_plugins(generation, app, self._manager.failures)

    def _around_requests(self, generation: Generation) -> ASGIApp:
        return generation.part(LAYERS).around(self._requests, generation)

    def _around_websockets(self, generation: Generation) -> ASGIApp:
        return generation.part(LAYERS).around(self._sockets, generation)

    def __repr__(self) -> str:
        return f"<Host of {self.app!r}, {self._manager.current!r}>"
