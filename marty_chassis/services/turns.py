"""One after another for each id, so that who learns of a service learns it in the right order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio


class Turns:
    """A lock for each id that is in use, and none for the others."""

    def __init__(self) -> None:
        self._locks: dict[str, anyio.Lock] = {}

    @asynccontextmanager
    async def of(self, id: str) -> AsyncIterator[None]:
        """Wait until nobody else is busy with this id."""
        lock = self._locks.setdefault(id, anyio.Lock())
        try:
            async with lock:
                yield
        finally:
            statistics = lock.statistics()
            if not statistics.locked and not statistics.tasks_waiting:
                self._locks.pop(id, None)

    def __repr__(self) -> str:
        return f"<Turns of {len(self._locks)} ids>"
