"""What the tests of the host share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loguru import logger

from .drive import House


@pytest.fixture
def house() -> House:
    """A manager without plugins."""
    return House()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every line that loguru writes during the test."""
    lines: list[str] = []
    logger.remove()
    number = logger.add(lines.append, format="{level} {extra} {message}", colorize=False)
    yield lines
    logger.remove(number)
