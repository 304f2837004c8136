"""A manager with nothing in it."""

from __future__ import annotations

import pytest

from marty_chassis.hooks import HookManager


@pytest.fixture
def manager() -> HookManager:
    return HookManager()
