"""An application class that carries its chassis: `uvicorn module:app` serves plugins and all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.routing import BaseRoute

from marty_hookspecs.web import ASGIApp, Receive, Scope, Send

from .documented import Document, documented
from .owned import own_paths

if TYPE_CHECKING:
    from .chassis import Chassis

App = TypeVar("App", bound=Starlette)


def embedded(kind: type[App], chassis: Chassis, **arguments: Any) -> App:
    """Make an application of this kind, a Starlette or a FastAPI, with the chassis around it.

    It is a real instance of its kind. `app.state.chassis` and `app.state.plugin_manager` lead
    inside; the management endpoints are at the paths of the specification, unless the configuration
    names a prefix, and a route that the application has itself wins.
    """
    bases = (_Embedded, _Documented, kind) if hasattr(kind, "openapi") else (_Embedded, kind)
    app = type(kind.__name__, bases, {"__doc__": kind.__doc__})(**arguments)
    app.state.chassis = chassis
    app.state.plugin_manager = chassis.plugin_manager
    settings = chassis.config.management
    prefix = settings.prefix if "prefix" in settings.model_fields_set else ""
    app.prefix = prefix
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


class _Documented:
    """A FastAPI's `openapi()` names the management endpoints that it answers, too."""

    state: State
    routes: list[BaseRoute]
    prefix: str
    _documents: tuple[object, Document] | None = None
    """FastAPI's document, which it keeps until its routes change, and what we made of it."""

    def openapi(self) -> Document:
        """The document of the application and of its management API."""
        theirs: Document = super().openapi()  # type: ignore[misc]
        chassis: Chassis = self.state.chassis
        settings = chassis.config.management
        if not settings.enabled or settings.listen is not None:
            return theirs
        if self._documents is None or self._documents[0] is not theirs:
            paths = chassis.management.at(self.prefix).paths
            front = chassis.management.at(self.prefix, own_paths(self, paths))
            self._documents = (theirs, documented(theirs, front))
        return self._documents[1]


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
