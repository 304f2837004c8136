"""The plugins of one generation that stand around a websocket, from its handshake to its end.

They are nested natively, in the server's task: `call_next` returns when the connection ends.
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from marty_chassis.errors import HookFailed
from marty_chassis.hooks import Failures, Generation, Manners, chain

from .connection import CURRENT, Connection
from .headers import CombinedHeaders
from .paths import show_route
from .steps import applies, steps

HOOK = "middleware_websocket"


class PluginWebSocket(WebSocket):
    """A `starlette.websockets.WebSocket` with headers that can be set.

    The application sees what is changed here. The server's own scope is never changed, but for the
    route that was found.
    """

    _headers: CombinedHeaders | None = None  # type: ignore[assignment]

    def __init__(self, connection: Connection) -> None:
        super().__init__(dict(connection.scope), connection.receive, connection.send)

    @property
    def headers(self) -> CombinedHeaders:
        """Case-insensitive and mutable."""
        if self._headers is None:
            self._headers = CombinedHeaders(self.scope["headers"])
        return self._headers

    def for_application(self) -> Scope:
        """The scope with the headers as they are now."""
        if self._headers is not None and (headers := self._headers.rewritten()) is not None:
            self.scope["headers"] = list(headers)
        return self.scope

    def __repr__(self) -> str:
        return f"<PluginWebSocket {self.scope['path']}>"


def socket_through_plugins(generation: Generation, app: ASGIApp, failures: Failures) -> ASGIApp:
    """Put the plugins' websocket hooks before an application; the application itself if none."""
    around = steps(generation, HOOK, failures)
    if not around:
        return app

    async def call(websocket: Any) -> None:
        connection = CURRENT.get()
        scope, receive, send = _for_application(websocket, connection)
        connection.passed_on = True
        try:
            await app(scope, receive, send)
        except BaseException as error:
            connection.raised = error
            raise
        finally:
            show_route(scope, connection.scope)

    manners = Manners(
        theirs=lambda _, error: CURRENT.get().is_its_own(error), accepts=_accepts, applies=applies
    )
    first = chain(around, call, generation.points[HOOK].spec, failures, manners)

    async def through(scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(scope, receive, send)
        token = CURRENT.set(connection)
        try:
            await first(PluginWebSocket(connection))
        except HookFailed:
            await connection.fail()
        except BaseExceptionGroup as group:
            if connection.says_it_left(group):
                return
            # Task groups of plugins have wrapped what is not theirs.
            if group.subgroup(HookFailed) is None or not connection.is_its_own(group):
                raise
            await connection.fail()
        except BaseException as error:
            if not connection.says_it_left(error):
                raise
        else:
            await connection.refuse()
        finally:
            connection.let_go()
            CURRENT.reset(token)

    return through


def _for_application(websocket: Any, connection: Connection) -> tuple[Scope, Receive, Send]:
    if isinstance(websocket, PluginWebSocket):
        return websocket.for_application(), connection.receive_anew, connection.send
    if isinstance(websocket, WebSocket):
        return websocket.scope, websocket._receive, websocket._send
    raise TypeError(
        f"call_next was given {type(websocket).__name__}; give it the websocket the plugin got"
    )


def _accepts(answer: Any) -> bool:
    if answer is None:
        return True
    raise TypeError(
        f"it answered {type(answer).__name__}; a websocket is refused with"
        " `await websocket.close()` or `await websocket.send_denial_response(response)`"
    )
