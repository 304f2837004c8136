"""`context.tasks`: background tasks that are watched, and end when the plugin stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

from marty_chassis.boundary import (
    Detached,
    Faults,
    Outcome,
    Phase,
    Strays,
    guarded,
    running_loop,
    spawn,
)
from marty_chassis.errors import PluginFault
from marty_chassis.lifecycle import Died, Entry, Ledger

T = TypeVar("T")
A = TypeVarTuple("A")


class Tasks:
    """One plugin's background tasks. One that raises turns the plugin to ERROR."""

    def __init__(self, ledger: Ledger, faults: Faults, strays: Strays, died: Died) -> None:
        self._ledger = ledger
        self._faults = faults
        self._strays = strays
        self._died = died
        # Not the context of who starts one: inside a request that would pin its generation.
        self._context = copy_context()
        self._loop = running_loop()
        self._numbers = count(1)
        self._running: dict[Detached[Any], None] = {}

    def start(
        self, function: Callable[[*A], Awaitable[T]], *args: *A, name: str | None = None
    ) -> Detached[T]:
        """Run `await function(*args)` in the background, and give the task.

        It may end by itself, or be cancelled. Raises `PluginGone` once the plugin has stopped.
        """
        called = name or getattr(function, "__name__", None) or type(function).__name__
        entry = self._ledger.enter(
            "task", lambda: self._end(task), id=f"{called} #{next(self._numbers)}"
        )

        async def watched() -> T:
            watch = guarded(self._faults, plugin=self._ledger.plugin, phase=Phase.RUN, hook=called)
            with watch:
                return await function(*args)

        task = spawn(
            watched,
            name=f"plugin {self._ledger.plugin}: {called}",
            context=self._context.copy(),
        )
        self._running[task] = None
        task.when_ended(lambda ended: self._ended(ended, entry))
        return task

    def __len__(self) -> int:
        return len(self._running)

    async def _end(self, task: Detached[T]) -> None:
        if self._loop is not running_loop():
            return  # It ended with its event loop.
        self._strays.keep(task)
        task.cancel()
        await task.wait()

    def _ended(self, task: Detached[T], entry: Entry) -> None:
        self._running.pop(task, None)
        entry.strike()
        if task.outcome is Outcome.RAISED and isinstance(task.error, PluginFault):
            self._died(task.error.fault)

    def __repr__(self) -> str:
        return f"<Tasks of {self._ledger.plugin}: {', '.join(t.name for t in self._running)}>"
