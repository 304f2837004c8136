"""How one request is answered: its headers are stamped on the way, and how it ends is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import anyio
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

from marty_chassis.boundary.words import consists_of
from marty_chassis.web import contents
from marty_hookspecs.web import Message, Receive, Send

Pair = tuple[bytes, bytes]

STARTS: Final = frozenset(
    {"http.response.start", "websocket.accept", "websocket.http.response.start"}
)
BODIES: Final = contents.BODIES | {"websocket.http.response.body"}
_LEAVING = frozenset({"http.disconnect", "websocket.disconnect"})
_WHEN_GONE = (OSError, ClientDisconnect, WebSocketDisconnect)
"""What an application may raise when the client has left."""
_REFUSED = 403
"""What a server answers to a handshake that is closed."""


class Answer:
    """One answer on its way out; the application receives and sends through it."""

    __slots__ = ("_over", "_receive", "_send", "_stamp", "gone", "status")

    def __init__(self, receive: Receive, send: Send, stamp: Callable[[], Iterable[Pair]]) -> None:
        self._receive = receive
        self._send = send
        self._stamp = stamp
        self._over = False
        self.gone = False
        """Whether the client left before the end."""
        self.status: int | None = None
        """Of the response; 101 for a websocket that was accepted; None when nothing was sent."""

    async def receive(self) -> Message:
        """Give the server's next message."""
        message = await self._receive()
        if message["type"] in _LEAVING and not self._over:
            self.gone = True
        return message

    async def send(self, message: Message) -> None:
        """Send a message, the first one with our headers."""
        kind = message["type"]
        if kind in STARTS:
            self.status = message.get("status", 101)
            message = {**message, "headers": _stamped(message.get("headers", ()), self._stamp())}
        elif kind == "websocket.close":
            self.status = self.status or _REFUSED
            self._over = True
        try:
            await self._send(message)
        except OSError:
            self.gone = self.gone or not self._over
            raise
        if kind in BODIES:
            self._over = contents.is_last(message)

    def ended(self, error: BaseException | None = None) -> tuple[str, dict[str, str]]:
        """Give the type of the event, and what there is to say of it, once the application ended.

        Who left, and what was broken off, has not failed.
        """
        if error is not None:
            if consists_of(error, anyio.get_cancelled_exc_class()):
                return "request.aborted", {"reason": "disconnected" if self.gone else "cancelled"}
            if not self.gone or not consists_of(error, _WHEN_GONE):
                return "request.failed", {"error": type(error).__name__}
        elif self.status is not None and self.status >= 500:
            return "request.failed", {"error": f"status {self.status}"}
        elif self._over or self.status == 101:
            return "request.completed", {}
        elif not self.gone:
            return "request.failed", {"error": "no whole response"}
        return "request.aborted", {"reason": "disconnected"}


def _stamped(headers: Iterable[Pair], stamp: Iterable[Pair]) -> list[Pair]:
    ours = dict(stamp)
    return [*(pair for pair in headers if pair[0].lower() not in ours), *ours.items()]
