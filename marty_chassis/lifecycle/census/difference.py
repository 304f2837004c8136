"""What a census says: one thing that is there and was not, and the line that brought it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

KindName = Literal[
    "thread", "task", "logging", "loguru", "signal", "atexit", "module", "path", "filter",
    "environment", "collector", "patch", "context", "context",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a plugin's source."""

    path: str
    line: int
    function: str = ""
    """The function that it is in, or that begins there; empty at the module's own level."""
    module: str = field(default="", compare=False)
    """The name of the module that runs it, where that is known: each generation has its own."""

    def __str__(self) -> str:
        shown = f"{_shortened(self.path)}:{self.line}"
        return f"{shown} {self.function}()" if self.function else shown


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a plugin has left behind."""

    kind: KindName
    key: str
    """What it is, among those of its kind; for a thing that has an identity, that."""
    what: str
    """`thread 'poller' is still running`"""
    where: Place
    instead: str
    """What to do, a sentence."""
    named: bool = False
    """Whether it is known by its name alone, so that another run may well have brought it too."""

    def __str__(self) -> str:
        return f"{self.what}: {self.where}. {self.instead}"


def _shortened(path: str) -> str:
    """A path below the working directory from there, any other as it is."""
    try:
        return str(Path(path).relative_to(os.getcwd()))
    except (ValueError, OSError):
        return path
