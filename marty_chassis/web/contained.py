"""An ASGI middleware of a plugin that raises: a fault of that plugin, and an answer all the same."""

from __future__ import annotations

from collections.abc import Awaitable
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marty_chassis.boundary import Phase, is_fault
from marty_chassis.boundary.words import consists_of
from marty_chassis.hooks import Failures, Handler, hook_failed

from .contents import BODIES, is_last
from .refusing import CLOSING, refuse
from .request import LEFT

HOOK = "web.wrap"

PASSING: ContextVar[list[BaseException]] = ContextVar("marty_passing")
"""What was raised inside of the layers of this request: no fault of those it passes through."""


def contained(app: ASGIApp, handler: Handler, failures: Failures) -> ASGIApp:
    """Give the middleware, made by this handler, so that nothing it raises reaches the server.

    The client gets 500, or 1011 on an open websocket. Where a response has begun that cannot be
    ended well, `HookFailed` is raised, and the server breaks it off.
    """

    async def entered(scope: Scope, receive: Receive, send: Send) -> None:
        sent = _Sent(send)
        try:
            await app(scope, receive, sent.send)
            return
        except BaseException as error:
            if _passes(error) or not is_fault(error):
                raise
            if consists_of(error, LEFT):
                # It was listening to a client that has gone: no fault, and nobody to answer.
                return
            faults = failures.faults
            fault = faults.report(error, plugin=handler.plugin, phase=Phase.HOOK, hook=HOOK)
        if not sent.begun:
            await refuse(500, scope, receive, send)
        elif not sent.over and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": CLOSING[500], "reason": ""})
        elif not sent.over:
            raise hook_failed(fault)

    return entered


class _Sent:
    """How far the answer is."""

    __slots__ = ("_send", "begun", "over")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.over = False

    # Not `async def`: a message that passes is to cost no coroutine.
    def send(self, message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
            self.begun = True
        elif kind in BODIES:
            self.over = is_last(message)
        elif kind in ("websocket.close", "websocket.http.response.body"):
            self.begun = self.over = True
        return self._send(message)


def _passes(error: BaseException) -> bool:
    """Whether it comes from inside, though task groups may have wrapped it."""
    if isinstance(error, BaseExceptionGroup):
        return all(_passes(one) for one in error.exceptions)
    return any(error is known for known in PASSING.get())
