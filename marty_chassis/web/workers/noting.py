"""One worker's part in the notes: it writes when somebody asks for them, and when it leaves."""

from __future__ import annotations

from typing import Final

import anyio
from loguru import logger

from marty_chassis.boundary import GRACE, Detached, in_thread, spawn

from .message import WriteDown, Written
from .notes import Noted, Notes, Scribe
from .talk import Talk

SOON: Final = 2.0
"""Seconds that the other workers have to write down what they have."""
_NAME: Final = "marty: notes"


class Noting:
    """Writes what the scribe says, and reads what all have written."""

    def __init__(self, scribe: Scribe, talk: Talk) -> None:
        self._scribe = scribe
        self._talk = talk
        self._notes = Notes(talk.wire.folder, talk.wire.pid, scribe)
        self._writing = anyio.Lock()
        self._answering: dict[Detached[None], None] = {}
        talk.write_down = self._asked

    async def begin(self) -> None:
        """Take over from a process that had this number before."""
        try:
            await in_thread(self._notes.begin, name=_NAME)
        except OSError as error:
            _warn(error)

    async def noted(self) -> Noted | None:
        """What all have written down, just now; None where that could not be done.

        One that does not answer in time is there with what it has written before.
        """
        if not await self._write():
            return None
        wire = self._talk.wire
        fresh = [wire.pid, *await self._talk.written(SOON)]
        try:
            return await in_thread(self._notes.read, wire.reaches, fresh, name=_NAME)
        except OSError as error:
            _warn(error)
            return None

    async def last_word(self) -> None:
        """Write once more, as long as the others hear this worker."""
        for task in tuple(self._answering):
            task.cancel()
            await task.wait(GRACE)
        if self._talk.wire.others():
            with anyio.move_on_after(GRACE):
                await self._write()

    def leave(self) -> None:
        """Take the notes away, if nobody is there any more; blocks for a moment."""
        if not self._talk.wire.others():
            self._notes.clear()

    async def _write(self) -> bool:
        # One after the other, so that nothing is written over what is newer.
        async with self._writing:
            note = await self._scribe.write()
            try:
                await in_thread(self._notes.write, note, name=_NAME)
            except OSError as error:
                _warn(error)
                return False
        return True

    def _asked(self, message: WriteDown) -> None:
        task = spawn(self._answer, message, name=_NAME)
        self._answering[task] = None
        task.when_ended(lambda ended: self._answering.pop(ended, None))

    async def _answer(self, message: WriteDown) -> None:
        if await self._write():
            wire = self._talk.wire
            await wire.send(Written(id=message.id, pid=wire.pid), [message.pid])

    def __repr__(self) -> str:
        return f"<Noting {self._notes!r}>"


def _warn(error: OSError) -> None:
    logger.warning("this worker and the others cannot read each other's notes: {}", error)
