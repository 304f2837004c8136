"""The host's own answers to requests and websockets that cannot be served."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from .problem import problem

DETAILS = {
    500: "The request could not be answered; the service's log says why.",
    503: "The service is not ready. Ask again later.",
}
"""What a client may know: nothing of what is inside."""

CLOSING = {500: 1011, 503: 1013}
"""Codes of a websocket that is closed: internal error, try again later."""

RETRY_AFTER = {503: {"retry-after": "5"}}
"""Seconds after which to ask again."""


async def refuse(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or refuse the handshake of a websocket, with 500 or 503.

    A server without the denial response extension refuses a handshake with 403.
    """
    if scope["type"] == "websocket" and not can_deny(scope):
        await send({"type": "websocket.close", "code": CLOSING[status], "reason": ""})
        return
    answer = problem(status, DETAILS[status], headers=RETRY_AFTER.get(status))
    await answer(scope, receive, send)


def can_deny(scope: Scope) -> bool:
    """Whether a handshake can be refused with a response of one's own."""
    return "websocket.http.response" in (scope.get("extensions") or {})
