"""Something has changed: told often, heard once it has been quiet."""

from __future__ import annotations

import anyio

from marty_chassis.boundary import Signal

QUIET = 0.2
"""Seconds without an event after which files are looked at."""
MOST = 2.0
"""Seconds after which they are looked at in any case: something may write without end."""


class Bell:
    """Rung by whoever sees a change; one listens."""

    def __init__(self, *, quiet: float = QUIET, most: float = MOST) -> None:
        self.over: Signal[None] = Signal()
        """Set when nobody is to listen any more."""
        self._quiet = quiet
        self._most = most
        self._rung: Signal[None] = Signal()
        self._last = 0.0

    def ring(self) -> None:
        """Something has changed."""
        self._last = anyio.current_time()
        self._rung.set(None)

    def end(self) -> None:
        """Let who listens go."""
        self.over.set(None)
        self._rung.set(None)

    async def heard(self, seconds: float | None = None) -> bool:
        """Wait for a ring, at most so long, then for quiet; whether it was rung."""
        rung = await self._rung.within(seconds)
        first = anyio.current_time()
        while rung and not self.over.is_set:
            ends = min(self._last + self._quiet, first + self._most)
            if (left := ends - anyio.current_time()) <= 0:
                break
            await self.over.within(left)
        # Whatever rings from now on is heard next time: files are looked at after this.
        self._rung = Signal()
        return rung

    def __repr__(self) -> str:
        return f"<Bell {'rung' if self._rung.is_set else 'quiet'}>"
