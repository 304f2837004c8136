"""docs/first-plugin.md, from nothing to an installed plugin, as somebody types it who reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .reader import follow


@pytest.mark.slow
def test_the_five_minutes_from_the_first_command_to_the_last(tmp_path: Path) -> None:
    follow("docs/first-plugin.md", tmp_path)
