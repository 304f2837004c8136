"""The tasks of the management API: it follows the plugins while they run."""

from __future__ import annotations

from dataclasses import replace

from loguru import logger

from marty_chassis.boundary import GRACE, Detached, running_loop, spawn
from marty_chassis.boundary.words import traceback_of
from marty_chassis.lifecycle import Moved, State

from .asked import Desk
from .views import move_json


class Running:
    """Fills the journal from the first move on; health and figures between start and stop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asking: list[Detached[None]] = []
        self._loop: object = None
        desk.overseer.subscribe(self._note)

    async def start(self, *, opening: bool) -> None:
        """Begin to ask plugins how they are; in another event loop than before, begin anew."""
        await self._leave()
        self._desk.opening, self._desk.draining = opening, False
        self._desk.journal.open()
        self._loop = running_loop()
        self._asking = [
            spawn(self._desk.health.run, name="health of plugins"),
            spawn(self._desk.gathering.run, name="figures of plugins"),
        ]
        for task in self._asking:
            task.when_ended(_said)

    def drain(self) -> None:
        """Say from now on that the service is not ready, and let the readers of the journal go."""
        self._desk.draining = True
        self._desk.journal.close()

    async def stop(self) -> None:
        """Stop asking, and forget what was answered."""
        self.drain()
        await self._leave()

    async def _leave(self) -> None:
        tasks, self._asking = self._asking, []
        if self._loop is not running_loop():
            # What lives in a loop that has ended cannot be told to leave, and does nothing.
            self._desk.health.forget()
            self._desk.gathering.forget()
            return
        for task in tasks:
            task.cancel()
        for task in tasks:
            await task.wait(GRACE)
        await self._desk.health.close()
        await self._desk.gathering.close()

    def _note(self, moved: Moved) -> None:
        moved = replace(moved, reason=self._desk.masked(moved.reason))
        if moved.before is moved.after is State.STARTED:  # Another generation serves.
            self._desk.reloads[moved.name] = self._desk.reloads.get(moved.name, 0) + 1
        self._desk.journal.note("move", move_json(moved))

    def __repr__(self) -> str:
        return f"<Running {self._asking or 'nothing'}>"


def _said(task: Detached[None]) -> None:
    """Say that the task has died, which only a mistake of ours can bring about."""
    if task.error is not None:
        logger.error("{}: nobody is asked any more\n{}", task.name, traceback_of(task.error))
