"""The root of every error, and the guess that many of them make."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class MartyError(Exception):
    """The root: `except MartyError` catches all that this package raises on purpose."""


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Give " Did you mean 'x'?" for the nearest known word, or nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def shown(found: object, limit: int = 80) -> str:
    """Give the repr of what was found, cut off where it grows too long to read."""
    text = repr(found)
    return text if len(text) <= limit else f"{text[:limit]}..."
