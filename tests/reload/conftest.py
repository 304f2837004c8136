"""A service in a folder of its own for each test, and the module that its plugins talk to."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ..logs import logged
from .works import Works


@pytest.fixture
async def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Works]:
    """A service that is stopped at the end; plugins say `import witness`."""
    witness = ModuleType("witness")
    vars(witness).update(log=[], kept=[], events={})
    monkeypatch.setitem(sys.modules, "witness", witness)
    monkeypatch.chdir(tmp_path)
    made = Works(tmp_path, witness)
    yield made
    for gate in made.go_on.values():
        gate.set()
    await made.stop()


@pytest.fixture(autouse=True)
def patient_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds what is found, however many tests have filled this process before."""
    monkeypatch.setattr("marty_chassis.lifecycle.leaks._SECONDS", 30.0)


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that refuses to leave is given up sooner."""
    monkeypatch.setattr("marty_chassis.lifecycle.home.GRACE", 0.05)
    monkeypatch.setattr("marty_chassis.boundary.deadline.GRACE", 0.05)


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged."""
    with logged(format="{level} {message} {extra}") as found:
        yield found
