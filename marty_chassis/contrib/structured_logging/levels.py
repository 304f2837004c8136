"""Which lines are wanted: by the plugin or the logger that says them, changed at run time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from loguru import logger

from marty_chassis.settings.names import folded

if TYPE_CHECKING:
    from loguru import Record


class Levels:
    """The least level that is written, and others by name.

    A name is a plugin's, or a logger's with all that is below it. A plugin's own counts first, then
    the longest name that fits.
    """

    def __init__(self, level: str, others: Mapping[str, str]) -> None:
        self._level = number(level)
        self._of: dict[str, int] = {}
        self._plugins: dict[str, int] = {}
        self._loggers: dict[str | None, int] = {}
        for name, one in others.items():
            self.set(name, one)

    @property
    def least(self) -> int:
        """The lowest of all of them, as loguru's number."""
        return min((self._level, *self._of.values()))

    def set(self, name: str, level: str | None) -> None:
        """Give a plugin or a logger a least level of its own; none any more with None.

        Raises `ValueError` for a level that loguru does not know.
        """
        if level is None:
            self._of.pop(name, None)
        else:
            self._of[name] = number(level)
        self._plugins = {folded(key): one for key, one in self._of.items()}
        self._loggers = {}

    def want(self, record: Record) -> bool:
        """Whether a line is loud enough."""
        plugin = record["extra"].get("plugin")
        least = self._plugins.get(plugin) if isinstance(plugin, str) else None
        if least is None:
            name = record["name"]
            least = self._loggers.get(name)
            if least is None:
                least = self._loggers[name] = self._of_logger(name)
        return record["level"].no >= least

    def _of_logger(self, name: str | None) -> int:
        while name:
            if (found := self._of.get(name)) is not None:
                return found
            name = name.rpartition(".")[0]
        return self._level

    def __repr__(self) -> str:
        return f"<Levels: {self._level}, {self._of}>"


def number(level: str) -> int:
    """Give loguru's number of a level."""
    return logger.level(level).no
