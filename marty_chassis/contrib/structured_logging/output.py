"""Where lines go, and what became of them: an output that fails is a figure, and no error."""

from __future__ import annotations

from pathlib import Path
from threading import RLock
from typing import IO, Final

import anyio
import anyio.to_thread

from .file import File, located
from .line import Line
from .settings import OutputSettings
from .stream import STREAMS, Stream

PATIENCE: Final = 3.0
"""Seconds that files under compression have at the end."""


class Counts:
    """What became of lines; kept from one generation of the plugin to the next."""

    def __init__(self) -> None:
        self.written = 0
        self.lost = 0
        """Lines that are nowhere."""
        self.failed = 0
        """Writes, rotations and compressions that went wrong."""

    def __repr__(self) -> str:
        return f"<Counts: {self.written} written, {self.lost} lost>"


class Output:
    """One stream or file; opened at once, which may raise `OSError` or `ValueError`.

    name: `stderr`, `stdout`, or a file, which lies below `folder` unless it is absolute.
    Writing raises nothing.
    """

    def __init__(self, name: str, kept: OutputSettings, folder: Path, counts: Counts) -> None:
        self.problem = ""
        """What went wrong with the last line; empty when it was written."""
        self._name = name
        self._counts = counts
        # Two sinks of loguru may write for a moment, each with a lock of its own.
        self._lock = RLock()
        self._cut = False
        self._kind: Stream | File
        if name in STREAMS:
            self._kind = Stream(name)
        else:
            self._kind = File(
                located(folder, name),
                kept.rotation,
                kept.retention,
                kept.compression,
                self._note,
            )

    @property
    def stream(self) -> IO[str] | None:
        """The stream, if it is one."""
        return self._kind.stream if isinstance(self._kind, Stream) else None

    def write(self, line: Line) -> None:
        """Write a line, or count it as lost."""
        with self._lock:
            self.problem = ""
            try:
                if self._cut:
                    # What was lost may have been written in part.
                    self._kind.write(_after_a_break(line))
                else:
                    self._kind.write(line)
            except (OSError, ValueError) as error:
                self._cut = True
                self._counts.lost += 1
                self._note(error)
            else:
                self._cut = False
                self._counts.written += 1

    async def close(self) -> None:
        """Write nothing more, and wait a while for files under compression."""
        threads = []
        with self._lock:
            try:
                threads = self._kind.close()
            except (OSError, ValueError) as error:
                self._note(error)
        with anyio.move_on_after(PATIENCE):
            for thread in threads:
                await anyio.to_thread.run_sync(thread.join, PATIENCE, abandon_on_cancel=True)

    def _note(self, error: Exception) -> None:
        self._counts.failed += 1
        self.problem = f"{type(error).__name__}: {error}"

    def __repr__(self) -> str:
        return f"<Output to {self._name}>"


def _after_a_break(line: Line) -> Line:
    broken = Line(b"\n" + line)
    broken.record = line.record
    return broken
