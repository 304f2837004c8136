"""What each worker has written down for the others: a file for each, which outlives its writer.

Whoever reads adds up what those that have ended left, so that there is one file for all of them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

_ENDING: Final = ".note"
_GONE: Final = "gone.all"
_LOCK: Final = "notes.lock"


class Scribe(Protocol):
    """Knows what workers write down for each other."""

    async def write(self) -> bytes:
        """Give what this worker has to say now."""
        ...

    def merge(self, gone: Sequence[bytes]) -> bytes:
        """Make one note of those that workers have left; called in a thread."""
        ...


@dataclass(frozen=True, slots=True)
class Noted:
    """What all workers of a service have written down."""

    living: Mapping[int, bytes]
    """By process."""
    fresh: frozenset[int]
    """Those that have written it just now."""
    gone: bytes | None
    """What those left that have ended."""


class Notes:
    """The notes in the folder of one service. Everything here blocks, and may raise `OSError`."""

    def __init__(self, folder: Path, pid: int, scribe: Scribe) -> None:
        self._folder = folder
        self._mine = folder / f"{pid}{_ENDING}"
        self._scribe = scribe

    def begin(self) -> None:
        """Leave to the others what a process that had this number before has written."""
        with self._locked(), suppress(FileNotFoundError):
            self._mine.rename(self._folder / f"was-{secrets.token_hex(4)}{_ENDING}")

    def write(self, note: bytes) -> None:
        """Put this in the place of what this worker has written before."""
        _replace(self._mine, note)

    def read(self, lives: Callable[[int], bool], fresh: Collection[int]) -> Noted:
        """Give the notes of those that live, and one for all others."""
        living: dict[int, bytes] = {}
        left: dict[str, bytes] = {}
        with self._locked():
            for path in self._folder.glob(f"*{_ENDING}"):
                # Looked at after the note was found: one that was born meanwhile is no dead one.
                if path.stem.isdigit() and lives(int(path.stem)):
                    living[int(path.stem)] = path.read_bytes()
                else:
                    left[path.name] = path.read_bytes()
            return Noted(living, frozenset(fresh), self._merged(left))

    def clear(self) -> None:
        """Leave nothing behind: no worker is there any more."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.suffix != ".sock":
                    path.unlink()
            self._folder.rmdir()

    def _merged(self, left: Mapping[str, bytes]) -> bytes | None:
        path = self._folder / _GONE
        # Its first line names the notes that are in it, should one be there still: whoever put them
        # together may have ended before they were taken away.
        line, _, whole = path.read_bytes().partition(b"\n") if path.exists() else (b"", b"", b"")
        counted = line.decode().split()
        new = [note for name, note in left.items() if name not in counted]
        if new:
            whole = self._scribe.merge([*([whole] if whole else []), *new])
            _replace(path, f"{' '.join(left)}\n".encode() + whole)
        for name in left:
            (self._folder / name).unlink()
        return whole or None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Not on Windows, where nobody comes here.
        import fcntl

        handle = os.open(self._folder / _LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def __repr__(self) -> str:
        return f"<Notes {self._mine}>"


def _replace(path: Path, content: bytes) -> None:
    """Write a file at once: a reader sees the old one or the new one."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)
