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

from loguru import _string_parsers
from loguru._file_sink import FileSink

from .line import Line

# They have no types.
_FileSink: Any = FileSink
_parsers: Any = _string_parsers
# Unbuffered, so that one line is one write: several processes may append to one file.
_RAW: Final[dict[str, Any]] = {"mode": "ab", "buffering": 0, "encoding": None}

_KINDS: Final = {"rotation": int | str, "retention": int | str, "compression": str}
_MEANT: Final = {
    "rotation": 'a size or a time, as in "100 MB", "1 day" or "12:00", or a number of bytes',
    "retention": 'a time, as in "30 days", or a number of files',
    "compression": "gz, bz2, xz, zip or tar.gz",
}
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
    """Raise `ValueError` for a rotation, a retention or a compression that makes no sense."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, _KINDS[key])):
        raise ValueError(f"must be {_MEANT[key]}")
    _FileSink("", delay=True, **{key: value})
    if _is_nothing(value):
        raise ValueError(f"must be above 0: {_MEANT[key]}")


def _is_nothing(value: object) -> bool:
    """Whether it is a number, a size or a time that is not above 0."""
    if isinstance(value, str):
        size = _parsers.parse_size(value)
        time = _parsers.parse_duration(value) if size is None else None
        value = size if time is None else time.total_seconds()
    return isinstance(value, int | float) and not value > 0


def check_name(name: str, folder: Path) -> None:
    """Raise `ValueError` for what is no name of a file in this folder.

    Braces in it are for pid and time.
    """
    if set("{}") & set(_FIELDS.sub("", name)):
        raise ValueError("braces in the name of a file are for {pid} and {time} alone")
    if name.endswith(("/", os.sep)) or (folder / name).is_dir():
        inside = os.path.join(name, "service.jsonl")
        raise ValueError(f"{name} is a folder: name a file, as in {inside}")


def located(folder: Path, name: str) -> str:
    """Give the path of a file in a folder, as `File` wants it: only `{time}` is left to stand."""
    named = name.replace("{pid}", str(os.getpid()))
    return named if Path(name).is_absolute() else os.path.join(_literally(str(folder)), named)


def _literally(path: str) -> str:
    return path.replace("{", "{{").replace("}", "}}")
