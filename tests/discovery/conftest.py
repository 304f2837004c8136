"""What the tests of discovery share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty project, which is the working directory; modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").mkdir()
    before = set(sys.modules)
    yield Project(tmp_path, monkeypatch)
    for name in set(sys.modules) - before:
        if name.startswith(("marty_plugins.", "installed_")):
            del sys.modules[name]
