"""How often a registry may be asked by one watch."""

from __future__ import annotations

import anyio


class Rate:
    """A bucket of tokens: so many questions at once, then one every so many seconds."""

    def __init__(self, burst: int = 2, every: float = 0.5) -> None:
        self._burst = burst
        self._every = every
        self._tokens = float(burst)
        self._filled = anyio.current_time()

    async def turn(self) -> None:
        """Wait until there is a token, and take it."""
        now = anyio.current_time()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) / self._every)
        self._filled = now
        self._tokens -= 1
        if self._tokens < 0:
            await anyio.sleep(-self._tokens * self._every)

    def __repr__(self) -> str:
        return f"<Rate of one every {self._every:g} s, {self._burst} at once>"
