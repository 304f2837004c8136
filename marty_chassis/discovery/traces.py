"""What modules leave in the tables of the process, and how it goes away with them."""

from __future__ import annotations

import linecache
import logging
import sys
import typing
from importlib.util import decode_source
from typing import cast

from loguru import logger


def names_below(package: str) -> tuple[str, ...]:
    """Give the names in `sys.modules` that are this package or below it."""
    return tuple(name for name in tuple(sys.modules) if _is_below(name, package))


def forget(package: str) -> None:
    """Take a package out of `sys.modules`, `logging` and loguru, with all that is below it.

    What `typing` keeps for the next time is thrown away: it has no door for a part of it.
    """
    for name in names_below(package):
        sys.modules.pop(name, None)
    _forget_loggers(package)
    _forget_switches(package)
    _forget_parameters()


class Lines:
    """The lines of source files as they run, for tracebacks; the files may change meanwhile.

    `linecache` has one entry for a path, so the generation that was read last is the one shown.
    """

    __slots__ = ("_before", "_mine")

    def __init__(self) -> None:
        self._mine: dict[str, object] = {}
        self._before: dict[str, object] = {}

    def add(self, path: str, data: bytes) -> None:
        """Show these bytes for this path."""
        if path in linecache.cache:
            self._before.setdefault(path, linecache.cache[path])
        lines = decode_source(data).splitlines(keepends=True)
        # Without a time of change linecache does not look at the disk again.
        entry = (len(data), None, lines, path)
        linecache.cache[path] = entry
        self._mine[path] = entry

    def keep(self) -> None:
        """The import has succeeded: what was shown before will not be wanted again."""
        self._before.clear()

    def drop(self) -> None:
        """Show what was shown before, where nobody has replaced ours since."""
        for path, entry in self._mine.items():
            if linecache.cache.get(path) is entry:
                before = self._before.get(path)
                if before is None:
                    del linecache.cache[path]
                else:
                    linecache.cache[path] = before  # type: ignore[assignment]
        self._mine.clear()
        self._before.clear()

    def __repr__(self) -> str:
        return f"<Lines of {', '.join(self._mine) or 'no files'}>"


def _is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _forget_loggers(package: str) -> None:
    table = logging.Logger.manager.loggerDict
    gone = [table.pop(name) for name in tuple(table) if _is_below(name, package)]
    # A parent that nobody has asked for is a placeholder, which holds its children.
    while package := package.rpartition(".")[0]:
        parent = table.get(package)
        if isinstance(parent, logging.PlaceHolder):
            for child in gone:
                parent.loggerMap.pop(cast(logging.Logger, child), None)


def _forget_switches(package: str) -> None:
    """Loguru remembers for each module that has logged whether it may; it has no door to forget."""
    core = getattr(logger, "_core", None)
    enabled = getattr(core, "enabled", None)
    if isinstance(enabled, dict):
        for name in [name for name in enabled if name and _is_below(name, package)]:
            enabled.pop(name, None)


def _forget_parameters() -> None:
    """`Box[int]` is kept for whoever writes it next, with the class Box: 128 of them."""
    # CPython's own tests do the same when they look for leaks.
    for forget_some in getattr(typing, "_cleanups", ()):
        forget_some()
