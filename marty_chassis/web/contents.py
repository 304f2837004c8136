"""The bytes of a message of a response's body, wherever they lie."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
from starlette.types import Message

CHUNK = 64 * 1024

BODIES = frozenset(
    {"http.response.body", "http.response.pathsend", "http.response.zerocopysend"},
)
"""The types of messages that carry a body."""


def is_last(message: Message) -> bool:
    """Whether this is the end of the body; a path is always the whole."""
    return message["type"] == "http.response.pathsend" or not message.get("more_body", False)


async def contents(message: Message) -> AsyncIterator[bytes]:
    """Give the bytes of one message in pieces; files that the server was to send are read."""
    kind = message["type"]
    if kind == "http.response.pathsend":
        async with await anyio.open_file(message["path"], "rb") as file:
            while chunk := await file.read(CHUNK):
                yield chunk
    elif kind == "http.response.zerocopysend":
        file, offset, left = message["file"], message.get("offset"), message.get("count")
        while left is None or left > 0:
            size = CHUNK if left is None else min(CHUNK, left)
            chunk = await anyio.to_thread.run_sync(_read, file, size, offset)
            if not chunk:
                return
            yield chunk
            offset = None if offset is None else offset + len(chunk)
            left = None if left is None else left - len(chunk)
    elif body := message.get("body", b""):
        yield bytes(body)


def _read(file: int, size: int, offset: int | None) -> bytes:
    # Without an offset the descriptor's own position counts, and moves.
    return os.read(file, size) if offset is None else os.pread(file, size, offset)
