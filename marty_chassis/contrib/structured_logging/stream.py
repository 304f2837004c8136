"""stdout or stderr, a line at a time."""

from __future__ import annotations

import os
import sys
from threading import Thread
from typing import IO

from .line import Line

STREAMS = frozenset({"stderr", "stdout"})


class Stream:
    """One of the process's own streams; raises `ValueError` where the process has none."""

    def __init__(self, name: str) -> None:
        stream: IO[str] | None = getattr(sys, name)
        if stream is None:
            raise ValueError(f"this process has no {name}")
        self.stream = stream
        self._name = name

    def write(self, line: Line) -> None:
        """Write a line at once. Raises `OSError`, or `ValueError`, when it cannot be written.

        One call to the system, where that takes all of it: a pipe that several processes share
        keeps lines apart that are not longer than it promises (4096 bytes on Linux).
        """
        try:
            number = self.stream.fileno()
        except (OSError, ValueError):
            # Something put in its place, with no file underneath, or closed.
            self.stream.write(line.decode(errors="replace"))
            self.stream.flush()
            return
        left = memoryview(line)
        while left:
            left = left[os.write(number, left) :]

    def close(self) -> list[Thread]:
        """It is the process's, and stays open."""
        return []

    def __repr__(self) -> str:
        return f"<Stream {self._name}>"
