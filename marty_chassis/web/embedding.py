"""An application class that carries its chassis: `uvicorn module:app` serves plugins and all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from marty_hookspecs.web import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from .chassis import Chassis

App = TypeVar("App", bound=Starlette)


def embedded(kind: type[App], chassis: Chassis, **arguments: Any) -> App:
    """Make an application of this kind, a Starlette or a FastAPI, with the chassis around it.

    It is a real instance of its kind. `app.state.chassis` and `app.state.plugin_manager` lead
    inside; the management endpoints are at the paths of the specification, unless the configuration
    names a prefix, and a route that the application has itself wins.
    """
    app = type(kind.__name__, (_Embedded, kind), {"__doc__": kind.__doc__})(**arguments)
    app.state.chassis = chassis
    app.state.plugin_manager = chassis.plugin_manager
    settings = chassis.config.management
    prefix = settings.prefix if "prefix" in settings.model_fields_set else ""
    app.around = chassis.wrap(_Inside(app), prefix=prefix)
    made: App = app
    return made


class _Embedded(Starlette):
    """The application's own `__call__` is what the chassis stands around."""

    around: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.around is None:
            raise RuntimeError(f"{self!r} was called before it was made")
        await self.around(scope, receive, send)

    async def inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer without the plugins."""
        await super().__call__(scope, receive, send)


class _Inside:
    """The application without its plugins, as whoever wraps it wants it: with its routes."""

    def __init__(self, app: _Embedded) -> None:
        self.app = app

    @property
    def routes(self) -> list[BaseRoute]:
        """The application's own, as they are now."""
        return self.app.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app.inside(scope, receive, send)

    def __repr__(self) -> str:
        return repr(self.app)
