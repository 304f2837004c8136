"""A file that lines are appended to; loguru rotates it, keeps as many as wanted, compresses them.

Loguru shows its file sink through `logger.add` alone, where nobody learns that a write has failed:
so here it is taken from where it is made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any, Final

from loguru._file_sink import FileSink

from .line import Line

_FileSink: Any = FileSink  # It has no types.
# Unbuffered, so that one line is one write: several processes may append to one file.
_RAW: Final[dict[str, Any]] = {"mode": "ab", "buffering": 0, "encoding": None}

_FIELDS = re.compile(r"\{(?:pid|time(?::[^{}]*)?)\}")


class File:
    """One file, opened at once; raises `OSError` when that cannot be done.

    path: as `located` gives it.
    noticed: told of what goes wrong elsewhere than in `write`, possibly in another thread.
    """

    def __init__(
        self,
        path: str,
        rotation: str | int | None,
        retention: str | int | None,
        compression: str | None,
        noticed: Callable[[Exception], None],
    ) -> None:
        self._path = path
        self._compression = compression
        self._noticed = noticed
        self._threads: list[Thread] = []
        self._closed = False
        self._plain: Any = None
        """The same file without rotation, while that fails."""
        self._sink = _FileSink(
            path,
            rotation=rotation,
            retention=retention,
            compression=None if compression is None else self._compress,
            watch=True,  # somebody else may move it away
            **_RAW,
        )

    def write(self, line: Line) -> None:
        """Append a line. Raises `OSError`, or `ValueError`, when it cannot be written.

        A rotation that fails costs no line: the old file goes on, and the next line tries again.
        """
        try:
            self._sink.write(line)
        except (OSError, ValueError) as error:
            if self._plain is None:
                self._plain = _FileSink(self._path, **_RAW)
            self._plain.write(line)
            self._noticed(error)
        else:
            self._stop_plain()
        if self._closed:
            # A line of another thread, which was on its way when it was closed, has opened it.
            self._sink.stop()

    def _stop_plain(self) -> None:
        if self._plain is not None:
            plain, self._plain = self._plain, None
            plain.stop()

    def close(self) -> list[Thread]:
        """Close it, and give the compressions that are under way. May raise `OSError`."""
        self._closed = True
        self._stop_plain()
        self._sink.stop()
        return self._threads

    def _compress(self, path: str) -> None:
        # Elsewhere: it may take seconds, and whoever logs the line that begins a file would wait.
        self._threads = [one for one in self._threads if one.is_alive()]
        name = f"compression of {path}"
        thread = Thread(target=self._compressed, args=(path,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _compressed(self, path: str) -> None:
        try:
            # One that never rotates compresses its file when it stops.
            _FileSink(_literally(path), compression=self._compression, **_RAW).stop()
        except (OSError, ValueError) as error:
            self._noticed(error)

    def __repr__(self) -> str:
        return f"<File {self._path}>"


def check(key: str, value: object) -> None:
    """Raise `ValueError` for a rotation, a retention or a compression that loguru does not know."""
    _FileSink("", delay=True, **{key: value})


def check_name(name: str) -> None:
    """Raise `ValueError` for a name of a file that has braces for anything but pid and time."""
    if set("{}") & set(_FIELDS.sub("", name)):
        raise ValueError("braces in the name of a file are for {pid} and {time} alone")


def located(folder: Path, name: str) -> str:
    """Give the path of a file in a folder, as `File` wants it: only `{time}` is left to stand."""
    named = name.replace("{pid}", str(os.getpid()))
    return named if Path(name).is_absolute() else os.path.join(_literally(str(folder)), named)


def _literally(path: str) -> str:
    return path.replace("{", "{{").replace("}", "}}")
