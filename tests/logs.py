"""What is logged while a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from loguru import logger

EVERYTHING: dict[str, Any] = {"level": "TRACE", "backtrace": True, "diagnose": True}
"""A sink that shows all it can."""


@contextmanager
def logged(**sink: Any) -> Iterator[list[str]]:
    """Give the lines, as a sink of loguru with these options writes them."""
    lines: list[str] = []
    number = logger.add(lambda text: lines.append(str(text).removesuffix("\n")), **sink)
    try:
        yield lines
    finally:
        logger.remove(number)


def about(words: str, lines: list[str]) -> list[str]:
    """Those lines that hold these words."""
    return [line for line in lines if words in line]
