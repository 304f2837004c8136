"""What comes back to a question or an order, from whom it is still missing, and how long to wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

import anyio

from marty_chassis.boundary import Signal

T = TypeVar("T")

_LOOK: Final = 0.2
"""Seconds after which it is looked whether those that have not answered are still there."""


class Answers(Generic[T]):
    """The answers of several workers to one message, each of which may have several parts."""

    def __init__(self, expected: Iterable[int]) -> None:
        self.missing = set(expected)
        """Who is waited for."""
        self.parts: dict[int, dict[int, T]] = {}
        """By worker, by the number of the part."""
        self._whole: set[int] = set()
        self._news: Signal[None] = Signal()

    def take(self, pid: int, answer: T, part: int = 0, parts: int = 1) -> None:
        """Note an answer, if it is waited for."""
        if pid not in self.missing or part >= parts:
            return
        found = self.parts.setdefault(pid, {})
        found[part] = answer
        if len(found) == parts:
            self._whole.add(pid)
            self.lost(pid)

    def has(self, pid: int) -> bool:
        """Whether this one has answered in full."""
        return pid in self._whole

    def lost(self, pid: int) -> None:
        """Wait for this one no longer."""
        self.missing.discard(pid)
        news, self._news = self._news, Signal()
        news.set(None)

    async def wait(self, seconds: float, reaches: Callable[[int], bool]) -> None:
        """Wait for all that are missing and still there, at most so long."""
        ends = anyio.current_time() + seconds
        while self.missing and (left := ends - anyio.current_time()) > 0:
            await self._news.within(min(left, _LOOK))
            for pid in tuple(self.missing):
                if not reaches(pid):
                    self.lost(pid)

    def __repr__(self) -> str:
        return f"<Answers of {sorted(self._whole)}, missing {sorted(self.missing)}>"
