"""What is said about a plugin to those who look: plain, frozen, free of secrets."""

from __future__ import annotations

from dataclasses import dataclass

from .state import State


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """Everything about one plugin at one moment."""

    name: str
    version: str
    description: str
    author: str
    state: State
    since: float
    """Seconds since 1970."""
    phase: str | None
    """What was being done with it when it failed."""
    reason: str
    """One line: what happened and what to do; empty when there is nothing to say."""
    source: str
    dependencies: tuple[str, ...]
    """As the plugin says them."""
    blocked_by: tuple[str, ...]
    """Names that it waits for."""
    attempt: int
    """How often it was not ready in a row."""
    next_try: float | None
    """Seconds since 1970."""
    required: bool
    failure_policy: str | None
    """closed or open; `None` for a plugin without request hooks."""
    generation: int
    """Which run of it this is; 0 before the first."""
    faults: int
    """How many it has had."""
    left: tuple[str, ...]
    """What of it could not be undone."""
    sha256: str | None
    """The digest of the source that it is made of; `None` for what is not of files."""
    switched: bool | None
    """Whether it was disabled or enabled at run time; `None` where the configuration decides."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of one plugin."""

    name: str
    before: State
    after: State
    at: float
    """Seconds since 1970."""
    phase: str | None = None
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.before.value} -> {self.after.value}"


@dataclass(frozen=True, slots=True)
class Missing:
    """A required plugin that is not started."""

    name: str
    state: State | None
    """`None` when no such plugin was found."""
    reason: str
