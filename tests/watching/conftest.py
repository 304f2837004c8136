"""What the tests of watching share."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from marty_chassis.plugins.watching.bell import Bell

from .house import House


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A project that is the working directory; events are waited for less long than usual."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("marty_chassis.plugins.watching.watching.Bell", partial(Bell, quiet=0.05))
    return House(tmp_path)
