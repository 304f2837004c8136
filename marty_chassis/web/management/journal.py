"""The last moves of all plugins, numbered, for those who follow them."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass
from itertools import islice

from marty_chassis.boundary import Signal

KEPT = 1000
"""Moves that are kept for those who come back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `data` is JSON."""

    number: int
    event: str
    data: str


class Journal:
    """A bounded list that wakes its readers. Each reader has its own place, and none is waited for.

    An id is the journal's own word and a number, so that an id of another process, or of this one
    before it was started again, is known to be foreign.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._word = secrets.token_hex(4)
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._last = 0
        self._bell: Signal[None] = Signal()
        self.closed = False
        """Whether its readers are to leave."""

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 before the first."""
        return self._last

    def id(self, number: int) -> str:
        """What a reader may come back with."""
        return f"{self._word}-{number}"

    def number(self, id: str) -> int | None:
        """The number in an id; `None` when it is not this journal's."""
        word, _, number = id.rpartition("-")
        if word != self._word or not (number.isascii() and number.isdecimal()):
            return None
        return int(number[:20])

    def note(self, event: str, data: str) -> None:
        """Write something down and wake the readers; never waits."""
        self._last += 1
        self._entries.append(Entry(self._last, event, data))
        self._ring()

    def after(self, number: int) -> tuple[Entry, ...]:
        """Everything that is kept and newer than this."""
        behind = max(0, min(self._last - number, len(self._entries)))
        return tuple(islice(self._entries, len(self._entries) - behind, None))

    async def rings(self, seconds: float) -> None:
        """Wait for the next entry or the end, at most so long."""
        await self._bell.within(seconds)

    def open(self) -> None:
        """Take readers again."""
        self.closed = False

    def close(self) -> None:
        """Let the readers leave; what is written stays."""
        self.closed = True
        self._ring()

    def _ring(self) -> None:
        bell, self._bell = self._bell, Signal()
        bell.set(None)

    def __repr__(self) -> str:
        return f"<Journal {self._word}: {len(self._entries)} of {self._last} moves>"
