"""The bytes of a message of a response's body, wherever they lie."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_thread
from starlette.types import Message

PIECE = 64 * 1024
"""Bytes of a file that are read at a time."""

BODIES = frozenset(
    {"http.response.body", "http.response.pathsend", "http.response.zerocopysend"},
)
"""The types of messages that carry a body."""


def is_last(message: Message) -> bool:
    """Whether this is the end of the body; a path is always the whole."""
    return message["type"] == "http.response.pathsend" or not message.get("more_body", False)


class Contents:
    """The bytes of one message in pieces; files that the server was to send are read.

    No generator, as those want to be closed; no file stays open between two pieces.
    """

    def __init__(self, message: Message) -> None:
        self._message = message
        self._offset: int | None = message.get("offset")
        self._left: int | None = message.get("count")
        self._over = False
        if message["type"] == "http.response.pathsend":
            self._offset = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = b"" if self._over else await self._next()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def _next(self) -> bytes:
        message = self._message
        if message["type"] == "http.response.body":
            self._over = True
            return bytes(message.get("body", b""))
        size = PIECE if self._left is None else min(PIECE, self._left)
        read: Callable[[Any, int, int | None], bytes]
        if message["type"] == "http.response.pathsend":
            read, file = _from_path, message["path"]
        else:
            read, file = _from_file, message["file"]
        piece = await anyio.to_thread.run_sync(read, file, size, self._offset)
        self._offset = None if self._offset is None else self._offset + len(piece)
        self._left = None if self._left is None else self._left - len(piece)
        return piece


def _from_path(path: str, size: int, offset: int | None) -> bytes:
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        os.lseek(file, offset or 0, os.SEEK_SET)
        return os.read(file, size)
    finally:
        os.close(file)


def _from_file(file: int, size: int, offset: int | None) -> bytes:
    # Without an offset the descriptor's own position counts, and moves.
    return os.read(file, size) if offset is None else os.pread(file, size, offset)
