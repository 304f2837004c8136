"""A house for each test."""

from __future__ import annotations

import pytest

from .house import House


@pytest.fixture
def house() -> House:
    return House()
