"""A project folder, the services made of it, and what they log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..logs import EVERYTHING, logged
from .house import SHORT, Project, Service


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty project, which is the working directory; its plugins' modules leave at the end."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("marty_plugins."):
            del sys.modules[name]


@pytest.fixture
def interrupts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often a service was asked to stop; the test's own process is left alone."""
    asked: list[str] = []
    monkeypatch.setattr("marty_chassis.web.chassis.ask_for_shutdown", lambda: asked.append("stop"))
    return asked


@pytest.fixture
def service(project: Project, interrupts: list[str]) -> Callable[..., Service]:
    """Make a service of the project's configuration file."""

    def made(*, made: bool = False) -> Service:
        config = project.root / "config.yaml"
        return Service(config if config.exists() else project.configure(), made=made)

    return made


@pytest.fixture
def log() -> Iterator[list[str]]:
    """All that is logged, as a sink shows it that shows everything it can."""
    with logged(format="{level} {message} {extra}", **EVERYTHING) as lines:
        yield lines


@pytest.fixture
def short_time(project: Project) -> None:
    """A plugin that hangs is given up sooner."""
    project.limits = SHORT


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that refuses to leave is given up sooner."""
    for module in ("lifecycle.home", "boundary.deadline", "web.exchange"):
        monkeypatch.setattr(f"marty_chassis.{module}.GRACE", 0.05)
