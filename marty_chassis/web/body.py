"""The body of a request, remembered as far as it was read, for whoever reads it next."""

from __future__ import annotations

from starlette.types import Message, Receive

from marty_chassis.boundary import Signal

REMEMBERED = 64 * 1024
"""Bytes of a body that are kept for a second run of the application when no plugin read it."""

DISCONNECT: Message = {"type": "http.disconnect"}


class RequestBody:
    """The server's messages, each at its position; several may read, each from the beginning.

    What a plugin reads is kept whole, as the application has yet to read it. What the application
    reads first is kept up to 64 KiB, so that an upload streams through.
    """

    __slots__ = ("_busy", "_count", "_gone", "_kept", "_receive", "_replaced", "_size", "_whole")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] | None = []
        self._count = 0
        self._size = 0
        self._whole = False
        self._gone = False
        self._replaced: bytes | None = None
        self._busy: Signal[None] | None = None

    def replace(self, body: bytes) -> None:
        """Whoever reads from now on gets this instead."""
        self._replaced = body

    def reader(self, *, keep: bool = False) -> Receive:
        """A `receive` that begins with the first message."""
        position = 0

        async def receive() -> Message:
            nonlocal position
            message = await self.read(position, keep=keep)
            position += message["type"] == "http.request"
            return message

        return receive

    @property
    def gone(self) -> bool:
        """Whether somebody was told that the client has gone."""
        return self._gone

    async def read(self, position: int, *, keep: bool = False) -> Message:
        """Give the message at a position, 0 being the first; a disconnect has no position.

        keep: remember all of it. Raises `RuntimeError` for what was not kept.
        """
        self._whole = self._whole or keep
        if self._replaced is not None:
            if position == 0:
                return {"type": "http.request", "body": self._replaced, "more_body": False}
            return await self._disconnect()
        while True:
            if position < self._count:
                if self._kept is None:
                    raise RuntimeError(
                        f"the first {self._size} bytes of the request body were read by the"
                        f" application and not kept, as they were more than {REMEMBERED}. Call"
                        " `await request.body()` before `call_next` to be able to read it again"
                        " or to run the application twice."
                    )
                return self._kept[position]
            # It is the one at this position, and may be too much to be kept.
            message = await self._next()
            if message is not None:
                return message

    async def _disconnect(self) -> Message:
        """Wait for what comes after a body that nobody is interested in."""
        while True:
            message = await self._next()
            if message is not None and message["type"] != "http.request":
                return message

    async def _next(self) -> Message | None:
        """Receive one message; `None` when somebody else has received it."""
        if self._gone:
            return DISCONNECT
        if self._busy is not None:
            # One at a time: a server may give each message, and the only disconnect, to one.
            await self._busy.wait()
            return DISCONNECT if self._gone else None
        self._busy = Signal()
        try:
            message = await self._receive()
        finally:
            busy, self._busy = self._busy, None
            busy.set(None)
        if message["type"] == "http.disconnect":
            self._gone = True
        elif message["type"] == "http.request":
            self._keep(message)
        return message

    def _keep(self, message: Message) -> None:
        self._count += 1
        self._size += len(message.get("body", b""))
        if self._kept is not None:
            if self._size > REMEMBERED and not self._whole:
                self._kept = None
            else:
                self._kept.append(message)

    def __repr__(self) -> str:
        return f"<RequestBody {self._size} bytes in {self._count} messages>"
