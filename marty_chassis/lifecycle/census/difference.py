"""What a census says: one thing that is there and was not, and the line that brought it."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from weakref import ref

KindName = Literal[
    "thread", "task", "logging", "loguru", "signal", "atexit", "module", "path", "filter",
    "environment", "collector", "patch", "context",
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


class Identity:
    """Which object it is, without keeping it alive; another one at the same address is another."""

    __slots__ = ("_address", "_alive")

    def __init__(self, thing: object) -> None:
        self._address = id(thing)
        self._alive: Callable[[], object]
        try:
            self._alive = ref(thing)
        except TypeError:
            self._alive = _unknown

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Identity)
            and self._address == other._address
            and self._alive() is other._alive()
        )

    def __hash__(self) -> int:
        return self._address

    def __repr__(self) -> str:
        return f"<Identity of {self._alive()!r}>"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a plugin has left behind."""

    kind: KindName
    key: Hashable
    """Which one it is, among those of its kind."""
    what: str
    """`thread 'poller' is still running`"""
    where: Place
    instead: str
    """What to do, a sentence."""
    named: bool = False
    """Whether the key is only a name, under which another run may have brought it again."""

    def __str__(self) -> str:
        return f"{self.what}: {self.where}. {self.instead}"


def _shortened(path: str) -> str:
    """A path below the working directory from there, any other as it is."""
    try:
        return str(Path(path).relative_to(os.getcwd()))
    except (ValueError, OSError):
        return path


def _unknown() -> object:
    """Stands for what cannot be watched, and is taken for the same while the address is."""
    return None
