"""One thing that `marty plugins check` has found."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do."""

    rule: str
    """Its name in the table of rules."""
    severity: Severity
    path: str
    """The file as it is shown, see `shown`; empty for what is of no file."""
    message: str
    """What is wrong, and what comes of it; a sentence without its full stop."""
    hint: str = ""
    """What to do; sentences."""
    line: int | None = None
    column: int | None = None
    """Counted from 1, in characters."""
    plugin: str | None = None
    """The plugin's name, where it is known whose it is."""

    def as_data(self) -> dict[str, Any]:
        """Give it as JSON holds it; the keys stay as they are."""
        return asdict(self)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Give them as a reader meets them: by file, line and column."""
    return sorted(findings, key=lambda one: (one.path, one.line or 0, one.column or 0, one.rule))


def shown(path: str | os.PathLike[str]) -> str:
    """Give a path as people name it: from the working directory where it lies below that."""
    whole = Path(os.path.abspath(path))
    try:
        return str(whole.relative_to(Path.cwd()))
    except ValueError:
        return str(whole)


def parted(said: str) -> tuple[str, str]:
    """Part one of our own sentences, "what is wrong. What to do.", into message and hint."""
    message, _, hint = said.partition(". ")
    return message.rstrip("."), hint
