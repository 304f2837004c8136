"""docs/packaging.md: what it prints is built, installed and found, in a fresh environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from .reader import follow

READY = """\
python -m venv ../venv
. ../venv/bin/activate
pip install "marty-chassis[cli]"
mkdir inode-metrics
cd inode-metrics
"""


@pytest.mark.slow
def test_every_distribution_of_the_page(tmp_path: Path) -> None:
    follow("docs/packaging.md", tmp_path, before=READY)
