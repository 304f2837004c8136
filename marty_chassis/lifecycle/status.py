"""What is said about a plugin to those who look: plain, frozen, free of secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .state import State
from .survivors import Survivor


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
class GenerationStatus:
    """One generation of a plugin: the one that serves, or one that is on its way out."""

    number: int
    stage: Literal["serving", "draining", "stopping"]
    leases: int
    """Requests and calls that use it now."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What there is of a plugin besides the generation that serves."""

    generations: tuple[GenerationStatus, ...]
    """The newest first; none of a plugin that is not started."""
    survivors: tuple[Survivor, ...]
    """What is alive of dropped ones, although the garbage collector has run by itself."""
    sha256_on_disk: str | None
    """The digest of its source as it is on the disk now; `None` where there is none to be read."""


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
