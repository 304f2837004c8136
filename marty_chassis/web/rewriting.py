"""Functions of plugins through which the body of a response passes."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from types import FrameType
from typing import Any

from marty_chassis.boundary import Phase, is_fault
from marty_chassis.errors import HookFailed
from marty_chassis.hooks import Failures, Handler, hook_failed, is_awaitable

from .request import in_bytes

Rewrite = Callable[[bytes], bytes | str | Awaitable[bytes | str]]
"""Takes a chunk of the body, gives what is to be sent in its place."""
Ending = Callable[[], bytes | str | Awaitable[bytes | str]]
"""Gives what is to be sent after the last chunk."""


class Filter:
    """One plugin's function; its faults are reported under that plugin's name."""

    __slots__ = ("_end", "_failures", "_handler", "_rewrite")

    def __init__(self, rewrite: Rewrite, end: Ending | None, failures: Failures) -> None:
        self._rewrite = rewrite
        self._end = end
        self._failures = failures
        self._handler = _asking_handler(sys._getframe(2))

    async def feed(self, chunk: bytes) -> bytes:
        """Give what becomes of one chunk. Raises `HookFailed`."""
        return await self._asked(self._rewrite, chunk) if chunk else b""

    async def finish(self) -> bytes:
        """Give what comes after all chunks. Raises `HookFailed`."""
        return await self._asked(self._end) if self._end is not None else b""

    async def _asked(self, function: Callable[..., Any], *arguments: bytes) -> bytes:
        try:
            answer = function(*arguments)
            if is_awaitable(answer):
                answer = await answer
            return in_bytes(answer)
        except BaseException as error:
            if isinstance(error, HookFailed) or not is_fault(error):
                raise
            fault = self._failures.faults.report(
                error,
                plugin=self._handler.plugin if self._handler else _module(self._rewrite),
                phase=Phase.HOOK,
                hook=self._handler.hook if self._handler else "filter_body",
            )
        raise hook_failed(fault)


async def through(filters: Sequence[Filter], chunk: bytes, *, last: bool) -> bytes:
    """Pass a chunk through one filter after the other, and all that they kept after the last."""
    for one in filters:
        chunk = await one.feed(chunk)
        if last:
            chunk += await one.finish()
    return chunk


def _asking_handler(frame: FrameType | None) -> Handler | None:
    """The handler whose plugin called us: the nearest of our callers that is asking one."""
    # Telling each plugin's response whose it is would cost every request; this costs a filter.
    while frame is not None:
        for name in ("handler", "_handler"):
            handler = frame.f_locals.get(name)
            if isinstance(handler, Handler):
                return handler
        frame = frame.f_back
    return None


def _module(function: object) -> str:
    return getattr(function, "__module__", None) or "unknown"
