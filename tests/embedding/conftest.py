"""A folder of its own for each test, the log, and a real server on a port of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ..logs import logged
from .serving import Address, served


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, empty; what is installed beside us starts nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MARTY_DISABLE_PLUGIN_AUTOLOAD", "1")
    return tmp_path


@pytest.fixture
def log() -> Iterator[list[str]]:
    """The lines that are logged from warnings on."""
    with logged(format="{message}", level="WARNING") as lines:
        yield lines


@pytest.fixture
def serving() -> Iterator[Callable[[Any], Address]]:
    """Serve an application with uvicorn until the test ends; gives its address."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(served(app))
