"""Tasks that were asked to leave and would not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marty_chassis.boundary.detached import Detached


class Strays:
    """Keeps abandoned tasks until they end, so that they can be counted and named.

    asyncio holds its tasks weakly, so an abandoned one could vanish in the middle of its work. One
    that never ends can delay the end of the event loop itself: nothing in Python can kill it.
    """

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: dict[Detached[Any], None] = {}

    def keep(self, task: Detached[Any]) -> None:
        """Hold this task until it ends; one that has ended is not taken."""
        if not task.done and task not in self._tasks:
            self._tasks[task] = None
            task.when_ended(self._forget)

    def names(self) -> tuple[str, ...]:
        """Name those that still run, in the order in which they were abandoned."""
        return tuple(task.name for task in self._tasks)

    def __iter__(self) -> Iterator[Detached[Any]]:
        return iter(tuple(self._tasks))

    def __len__(self) -> int:
        return len(self._tasks)

    def __repr__(self) -> str:
        return f"<Strays {', '.join(self.names()) or 'none'}>"

    def _forget(self, task: Detached[Any]) -> None:
        del self._tasks[task]
