"""httpx2 logs a line for each request; a heartbeat is none that anybody wants to read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_quiet: ContextVar[bool] = ContextVar("marty_registry_quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing of what httpx2 does in here, in this task, is logged where `Quiet` is open."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


class Quiet(logging.Filter):
    """Stands before httpx2's log while it is open; what others do with httpx2 passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it passes."""
        return not _quiet.get()

    def __enter__(self) -> None:
        logging.getLogger("httpx2").addFilter(self)

    def __exit__(self, *error: object) -> None:
        logging.getLogger("httpx2").removeFilter(self)
