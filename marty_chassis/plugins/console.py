"""The console of a process that `marty` runs, and who may have it keep quiet.

`marty` has set it up, so that a plugin that writes the same lines to the same stream may ask it to
step aside. What anybody else has set up is theirs, and nobody here takes it away.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from typing import IO


class Console:
    """One stream on which the process says what it logs, in lines for people."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._holders = 0

    @property
    def speaks(self) -> bool:
        """Whether nobody has it keep quiet."""
        return not self._holders

    def writes_to(self, stream: IO[str]) -> bool:
        """Whether both are one and the same in the end: one terminal, one pipe, one file."""
        if stream is self._stream:
            return True
        try:
            return os.path.samestat(os.fstat(stream.fileno()), os.fstat(self._stream.fileno()))
        except (OSError, ValueError):
            return False  # One of them is closed, or has no file underneath.

    def silence(self) -> Callable[[], None]:
        """Keep quiet until what this gives is called; several may ask, each for itself."""
        self._holders += 1
        ended = False

        def speak() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self._holders -= 1

        return speak

    def __repr__(self) -> str:
        return f"<Console {'that speaks' if self.speaks else 'that keeps quiet'}>"


CONSOLE: ContextVar[Console | None] = ContextVar("marty_console", default=None)
"""Of the process; None where somebody else runs it. `context.console` in a plugin."""
