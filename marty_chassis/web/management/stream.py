"""The journal as server-sent events: from where the reader was, until somebody leaves."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from contextlib import suppress

import anyio
from anyio import CancelScope

from marty_hookspecs.web import Receive, Scope, Send

from .journal import Entry, Journal

BEAT = 15.0
"""Seconds between two signs of life."""

WATCH = 1.0
"""Seconds between two looks at whether the server is leaving."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events until it has a page full of them
]


class EventStream:
    """An ASGI application that answers one reader.

    A reader that was too slow, or comes back too late, gets an event `gap`: it has missed something
    and should read the status again.
    """

    def __init__(self, journal: Journal, last_id: str | None, beat: float = BEAT) -> None:
        self._journal = journal
        self._last_id = last_id
        self._beat = beat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(_leaves, receive, group.cancel_scope)
            # OSError: the reader has left, and the server says so in this way.
            with suppress(OSError):
                await self._answer(scope["method"] == "HEAD", send)
            group.cancel_scope.cancel()

    async def _answer(self, empty: bool, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if not empty:
            await self._follow(send)
        await send({"type": "http.response.body", "body": b""})

    async def _follow(self, send: Send) -> None:
        place, text = self._beginning()
        silent = 0.0
        while True:
            if entries := self._journal.after(place):
                text += self._written(place, entries)
                place = entries[-1].number
            if text:
                body = text.encode()
                await send({"type": "http.response.body", "body": body, "more_body": True})
                text, silent = "", 0.0
            # While it was being sent, more may have happened.
            elif self._journal.closed or server_leaves():
                return
            else:
                began = anyio.current_time()
                await self._journal.rings(min(WATCH, self._beat))
                silent += anyio.current_time() - began
                text = ": beat\n\n" if silent >= self._beat else ""

    def _beginning(self) -> tuple[int, str]:
        """Where to begin, and what to say first."""
        hello = ": the journal of plugins\nretry: 3000\n\n"
        if self._last_id is None:
            return self._journal.last, hello
        number = self._journal.number(self._last_id)
        if number is None or number > self._journal.last:
            return 0, hello + _gap(None)
        return number, hello

    def _written(self, place: int, entries: Sequence[Entry]) -> str:
        missed = entries[0].number - place - 1
        return (_gap(missed) if missed else "") + "".join(
            f"id: {self._journal.id(one.number)}\nevent: {one.event}\ndata: {one.data}\n\n"
            for one in entries
        )


def _gap(missed: int | None) -> str:
    return f"event: gap\ndata: {json.dumps({'missed': missed})}\n\n"


async def _leaves(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def server_leaves() -> bool:
    """Whether the uvicorn that runs us has been told to stop.

    It waits for open answers before it tells the application, so a stream has to look by itself:
    uvicorn's handler of signals is a method of the server, which holds the flag.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        server = getattr(signal.getsignal(number), "__self__", None)
        if getattr(server, "should_exit", False) is True:
            return True
    return False
