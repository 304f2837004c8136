"""What became of a reload: which generation serves now, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The answer to a reload; words and numbers alone, nothing of the plugin."""

    plugin: str
    generation: int
    """The run that serves now, or served last."""
    cascade: tuple[str, ...]
    """Its started dependents, which are replaced with it, in the order of starting."""
    code_reloaded: bool
    """Whether new code serves; else it is a new instance of the same code."""
    require_restart: bool
    """Whether the code on the disk is another than the one that serves, and cannot be swapped."""
    rolled_back: bool
    """Whether no new generation serves: what served before serves on; `reason` says why."""
    reason: str
    """One line: what happened and what to do; empty when there is nothing to say."""
    duration_ms: float
    """From being asked to the swap."""
    draining: int
    """Requests and calls that still use the old generation."""
    worker: int
    """The process."""
    sha256: str | None
    """The digest of the source that serves; `None` for what is not of files."""
