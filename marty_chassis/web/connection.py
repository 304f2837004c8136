"""One websocket, as far as the host must know it: what was received and sent before it ends."""

from __future__ import annotations

from contextvars import ContextVar

from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from marty_chassis.errors import HookFailed

from .refusing import CLOSING, refuse

CURRENT: ContextVar[Connection] = ContextVar("marty_connection")
"""The connection that the plugins here stand around. A chain is built once and finds it here."""


class Connection:
    """Passes messages on and remembers whether the handshake has been answered."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._connect: Message | None = None
        self.passed_on = False
        """Whether the application was asked."""
        self.raised: BaseException | None = None
        """What the application raised."""
        self.answered = False
        """Whether the handshake was accepted or refused."""
        self.closed = False
        self._left = False
        self._unsent: OSError | None = None
        """What the server raised when we wanted to send to a client that has gone."""

    async def receive(self) -> Message:
        """The server's next message."""
        message = await self._receive()
        if message["type"] == "websocket.connect":
            self._connect = message
        elif message["type"] == "websocket.disconnect":
            self._left = True
        return message

    async def receive_anew(self) -> Message:
        """For the application: it gets the beginning of the handshake though a plugin had it."""
        message, self._connect = self._connect, None
        return message if message is not None else await self._receive()

    async def send(self, message: Message) -> None:
        """Send to the client."""
        self.answered = True
        # What is neither accepted nor open needs no further end.
        if message["type"] not in ("websocket.accept", "websocket.send"):
            self.closed = True
        try:
            await self._send(message)
        except OSError as error:
            self._left, self._unsent = True, error
            raise

    def is_its_own(self, error: BaseException) -> bool:
        """Whether an error that passes through a plugin is not that plugin's."""
        if isinstance(error, BaseExceptionGroup):
            return all(self.is_its_own(one) for one in error.exceptions)
        return error is self.raised or isinstance(error, HookFailed) or self.says_it_left(error)

    def says_it_left(self, error: BaseException) -> bool:
        """Whether an error says that the client has gone, and it has: that is no plugin's fault."""
        if isinstance(error, BaseExceptionGroup):
            return all(self.says_it_left(one) for one in error.exceptions)
        return error is not self.raised and (
            error is self._unsent or (self._left and isinstance(error, WebSocketDisconnect))
        )

    def let_go(self) -> None:
        """Break the cycles: what was raised holds the frames that hold us."""
        self.raised = self._unsent = None

    async def fail(self) -> None:
        """End it after a fault of a plugin: refused with 500 where that can still be said."""
        if not self.answered:
            await refuse(500, self.scope, self._receive, self.send)
        elif not self.closed:
            await self.send({"type": "websocket.close", "code": CLOSING[500], "reason": ""})

    async def refuse(self) -> None:
        """Refuse the handshake, if nobody has answered it and the application was not asked."""
        if not self.answered and not self.passed_on:
            await self.send({"type": "websocket.close", "code": 1008, "reason": ""})

    def __repr__(self) -> str:
        return f"<Connection {self.scope['path']}>"
