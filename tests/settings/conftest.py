"""A folder of its own for each test, and none of our variables from outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from marty_chassis.settings import ChassisConfig


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the test; it is empty."""
    for name in list(os.environ):
        if name.upper().startswith("MARTY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(workplace: Path) -> Callable[..., Path]:
    """Write a file of the working directory, `config.yaml` if not told otherwise."""

    def write(text: str, name: str = "config.yaml") -> Path:
        path = workplace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return Path(name)

    return write


@pytest.fixture
def load(write: Callable[..., Path]) -> Callable[..., ChassisConfig]:
    """Load a configuration from its text."""

    def load(text: str, **overrides: object) -> ChassisConfig:
        return ChassisConfig.from_file(write(text), **overrides)

    return load


@pytest.fixture
def refused(write: Callable[..., Path]) -> Callable[..., str]:
    """Give the whole message with which a text is refused."""

    def refused(text: str, **overrides: object) -> str:
        path = write(text)
        with pytest.raises(Exception, match="the configuration cannot be used") as raised:
            ChassisConfig.from_file(path, **overrides)
        return str(raised.value)

    return refused
