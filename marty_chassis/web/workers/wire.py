"""A Unix datagram socket of one worker: it hears the others, and reaches them by their pid."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import anyio
from anyio.abc import SocketAttribute, UNIXDatagramSocket

from marty_chassis.errors import WorkersApart

from .folder import leave, pids, sender, socket_of
from .message import LIMIT, Message, decode, encode

AVAILABLE: Final = os.name == "posix" and hasattr(socket, "AF_UNIX")
_ROOM: Final = 1.0
"""Seconds that a worker with a full queue has to take something out of it."""
_PAUSE: Final = 0.01


class Wire:
    """Where one worker hears and speaks. Made by `open`; used in the event loop of that."""

    def __init__(self, folder: Path, pid: int, heard: UNIXDatagramSocket) -> None:
        self.folder = folder
        self.pid = pid
        self.ignored = 0
        """What came that was no message of ours."""
        self._heard = heard
        # Asked directly: anyio's own `send` lets one task send at a time, and spins where the
        # queue of the other is full, as a datagram socket is always said to be writable.
        self._socket = heard.extra(SocketAttribute.raw_socket)

    @classmethod
    async def open(cls, folder: Path, pid: int) -> Self | None:
        """Listen there; None where this process does already, which has two services then.

        Raises `WorkersApart`.
        """
        mine = socket_of(folder, pid)
        if is_alive(mine):
            return None
        try:
            # anyio takes away what a process of this number has left behind.
            heard = await anyio.create_unix_datagram_socket(local_path=mine, local_mode=0o600)
        except OSError as error:
            reason = f"{mine}: {(error.strerror or str(error)).lower()}"
            raise WorkersApart(reason) from None
        return cls(folder, pid, heard)

    def others(self) -> list[int]:
        """Name the other workers that listen now; the sockets of those that ended are removed."""
        found = [pid for pid in pids(self.folder) if pid != self.pid]
        return [pid for pid in found if self.reaches(pid)]

    def reaches(self, pid: int) -> bool:
        """Whether this worker listens; the socket of one that does not is removed."""
        path = socket_of(self.folder, pid)
        if is_alive(path):
            return True
        with suppress(OSError):
            path.unlink()
        return False

    async def send(self, message: Message, to: Iterable[int]) -> set[int]:
        """Give the message to these workers; names those that it did not reach.

        Waits for room where a queue is full, a second at most.
        """
        data = encode(message)
        unreached, waiting = set[int](), set(to)
        with anyio.move_on_after(_ROOM):
            while waiting:
                for pid in tuple(waiting):
                    sent = self._sent(data, pid)
                    if sent is not None:
                        waiting.discard(pid)
                    if sent is False:
                        unreached.add(pid)
                if waiting:
                    await anyio.sleep(_PAUSE)
        return unreached | waiting

    async def hear(self) -> Message:
        """Wait for the next message; what is none, or from elsewhere, is counted and forgotten."""
        while True:
            data, address = await self._heard.receive()
            message = decode(data) if len(data) <= LIMIT else None
            if message is not None and message.pid == sender(self.folder, address):
                return message
            self.ignored += 1

    def _sent(self, data: bytes, pid: int) -> bool | None:
        """Whether it is on its way; None where there is no room."""
        try:
            self._socket.sendto(data, str(socket_of(self.folder, pid)))
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            self.reaches(pid)
            return False
        return True

    def drop(self) -> None:
        """Close without waiting, also when the event loop has ended."""
        self._socket.close()
        leave(self.folder, self.pid)

    async def close(self) -> None:
        """Be reached no longer; who waits in `hear` gets `anyio.ClosedResourceError`."""
        leave(self.folder, self.pid)
        await self._heard.aclose()

    def __repr__(self) -> str:
        return f"<Wire {socket_of(self.folder, self.pid)}>"


def is_alive(path: Path) -> bool:
    """Whether a process listens at this socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
