"""What the tests of the boundary share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loguru import logger


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every line that loguru writes during the test: level, plugin, message."""
    lines: list[str] = []
    logger.remove()
    number = logger.add(
        lines.append,
        format="{level} {extra} {message}",
        colorize=False,
    )
    yield lines
    logger.remove(number)
