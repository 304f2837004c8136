"""Records of the standard library's logging, handed on to loguru."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from loguru import logger


class ToLoguru(logging.Handler):
    """Gives each record to loguru with its own name and line, so that there is one log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one record on."""
        known = logging.getLevelName(record.levelno) == record.levelname
        try:
            level: str | int = logger.level(record.levelname).name if known else record.levelno
        except ValueError:
            level = record.levelno
        where = {"name": record.name, "function": record.funcName, "line": record.lineno}
        # The text goes in as it is: without arguments loguru leaves braces alone.
        (
            logger.patch(lambda found: found.update(where))  # type: ignore[typeddict-item]
            .opt(exception=record.exc_info)
            .log(level, record.getMessage())
        )

    def __repr__(self) -> str:
        return "<ToLoguru>"


@contextmanager
def handed_on(name: str, level: int = logging.INFO) -> Iterator[None]:
    """Hand on what one logger and those below it say, as long as the block lasts.

    A logger that somebody has given handlers of his own is left as it is.
    """
    source = logging.getLogger(name)
    if source.handlers:
        yield
        return
    before = source.level, source.propagate
    handler = ToLoguru()
    source.addHandler(handler)
    source.setLevel(level)
    source.propagate = False
    try:
        yield
    finally:
        source.removeHandler(handler)
        source.level, source.propagate = before
