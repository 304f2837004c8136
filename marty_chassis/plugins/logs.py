"""`context.logger`: loguru with the plugin's name, and the operator's level for this plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from loguru import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from loguru import Logger

_BINDING = frozenset({"bind", "opt", "patch"})
_METHODS = frozenset({"trace", "debug", "info", "success", "warning", "error", "critical"})


def plugin_logger(plugin: str, level: str | None = None) -> Logger:
    """Give a logger whose lines carry `plugin=`; below `level` it is silent."""
    bound = logger.bind(plugin=plugin)
    if level is None:
        return bound
    return cast("Logger", _Quiet(bound, logger.level(level).no))


class _Quiet:
    """A logger without the lines below a level: loguru itself knows levels of sinks only."""

    def __init__(self, inner: Logger, least: int) -> None:
        self._inner = inner
        self._least = least

    def __getattr__(self, name: str) -> object:
        # What is loud enough is loguru's own method, so that it finds the caller's frame.
        inner: object = getattr(self._inner, name)
        if name in _METHODS and self._inner.level(name.upper()).no < self._least:
            return _silent
        if name in _BINDING and callable(inner):
            make = cast("Callable[..., Logger]", inner)
            return lambda *args, **kwargs: _Quiet(make(*args, **kwargs), self._least)
        return inner

    def log(self, level: str | int, message: object, *args: object, **kwargs: object) -> None:
        """loguru's `log`, for a level by name or number."""
        number = level if isinstance(level, int) else self._inner.level(level).no
        if number >= self._least:
            self._inner.opt(depth=1).log(level, cast(str, message), *args, **kwargs)

    def __repr__(self) -> str:
        return f"<Logger from level {self._least}>"


def _silent(*_: object, **__: object) -> None:
    return None
