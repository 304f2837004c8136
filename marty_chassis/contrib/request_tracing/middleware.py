"""The application with its requests traced: ASGI, so that every answer of what is inside passes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

from loguru import logger

from marty_chassis.web.paths import route_path, show_route
from marty_chassis.web.template import template
from marty_hookspecs.web import ASGIApp, Receive, Scope, Send

from . import span
from .answer import Answer, Pair
from .arrival import Arrivals
from .settings import RequestTracingSettings

Publish = Callable[[str, dict[str, Any]], Awaitable[None]]

_NOTE = "correlation_id: "


class Traced:
    """The application inside, each request and websocket of which has an id.

    publish: told how each one ended, with the type of an event and its data; it must not wait.
    """

    def __init__(self, app: ASGIApp, settings: RequestTracingSettings, publish: Publish) -> None:
        self._app = app
        self._arrivals = Arrivals(settings)
        self._publish = publish
        self._timing = (settings.timing_header or "").lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or one websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        began, path = perf_counter(), route_path(scope)
        arrival = self._arrivals.of(scope["headers"])
        correlation_id = arrival.correlation_id
        outer = span.current()
        span.mark(correlation_id)

        def stamp() -> list[Pair]:
            if outer is None:
                span.mark(correlation_id)  # One that has been begun inside.
            took = f"{perf_counter() - began:.6f}"
            pairs = ((self._arrivals.header, correlation_id), (self._timing, took))
            return [(name, value.encode()) for name, value in pairs if name]

        answer = Answer(receive, send, stamp)
        inner = {**scope, "headers": arrival.headers}
        inner.setdefault("state", {})["correlation_id"] = correlation_id

        async def tell(error: BaseException | None = None) -> None:
            type, more = answer.ended(error)
            route = template(inner, path)
            data: dict[str, Any] = {
                "method": scope.get("method", "WEBSOCKET"),
                **({"route": route} if route else {"path": scope["path"]}),
                "status": answer.status,
                "seconds": perf_counter() - began,
                "correlation_id": correlation_id,
                **more,
            }
            await self._publish(type, data)

        with logger.contextualize(**arrival.of_lines):
            try:
                await self._app(inner, answer.receive, answer.send)
            except GeneratorExit:
                raise  # Nothing can be awaited any more.
            except BaseException as error:
                _note(error, correlation_id)
                await tell(error)
                raise
            finally:
                # For what stands further out and looks for the route, as it would without us.
                show_route(inner, scope)
            await tell()

    def __repr__(self) -> str:
        return f"<Traced {self._app!r}>"


def _note(error: BaseException, correlation_id: str) -> None:
    """Let the traceback that the server logs say whose it is: there our lines' context has ended."""
    if isinstance(error, Exception):
        with suppress(AttributeError, TypeError):  # One that takes no notes.
            # One that is raised again and again must not collect them.
            notes = getattr(error, "__notes__", [])
            notes[:] = [note for note in notes if not str(note).startswith(_NOTE)]
            error.add_note(f"{_NOTE}{correlation_id}")
