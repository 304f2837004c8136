"""One plugin's implementation of one hook, and its place in the order of calling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from anyio import CapacityLimiter

DEFAULT_PRIORITY = 100

THREADS = 40
"""As many as anyio gives a whole service."""


class Turn(IntEnum):
    """pluggy's tryfirst and trylast, in the order of calling."""

    FIRST = 0
    NORMAL = 1
    LAST = 2


def threads_for(options: Mapping[str, Any]) -> CapacityLimiter | None:
    """Give the threads of a handler that was marked with these options; None if it needs none."""
    return CapacityLimiter(THREADS) if options.get("blocking") else None


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """One plugin's implementation of one hook; compared by identity."""

    plugin: str
    hook: str
    """The name with underscores."""
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    """Those of the specification's arguments that the function takes, by name."""
    priority: int = DEFAULT_PRIORITY
    turn: Turn = Turn.NORMAL
    depth: int = 0
    """How deep below the project's root the plugin's folder lies; deeper is called earlier."""
    position: int = 0
    """Where it stands among its plugin's own handlers."""
    wrapper: bool = False
    threads: CapacityLimiter | None = None
    """Where it blocks, what bounds its threads: its own, so that one that hangs takes nobody else's."""
    closed: bool = True
    """Whether a fault in a request hook fails the request."""
    scope: str | None = None
    """The path below which its request hooks apply; `None` is everywhere."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Facts for whoever asks this hook: the interval of a health check, for instance."""

    @property
    def blocking(self) -> bool:
        """Whether a thread runs it."""
        return self.threads is not None

    @property
    def order(self) -> tuple[int, int, int, str, int]:
        """The key of calling: total, and the same whenever the handler was registered."""
        return (self.turn, self.priority, -self.depth, self.plugin, self.position)

    @property
    def reason(self) -> str:
        """Why it stands where it stands, for `marty hooks list`."""
        turn = {Turn.FIRST: "tryfirst, ", Turn.LAST: "trylast, "}.get(self.turn, "")
        depth = f", folder depth {self.depth}" if self.depth else ""
        return f"{turn}priority {self.priority}{depth}"

    def __repr__(self) -> str:
        return f"<Handler {self.plugin}:{self.hook} ({self.reason})>"
