"""How long to wait until something is tried again."""

from __future__ import annotations

from random import uniform

FIRST = 0.5
"""Seconds."""


class Pauses:
    """Pauses that double up to a limit in seconds, each shorter by chance."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._tries = 0

    def next(self) -> float:
        """Give the next pause."""
        self._tries += 1
        # 2**20 is far beyond every limit, and 2**2000 is no number for a computer.
        pause = min(self._longest, FIRST * 2.0 ** min(self._tries - 1, 20))
        return pause * uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin with the shortest again."""
        self._tries = 0

    def __repr__(self) -> str:
        return f"<Pauses up to {self._longest:g} s, {self._tries} tries>"
