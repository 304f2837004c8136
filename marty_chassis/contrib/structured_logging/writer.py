"""One generation of the plugin: which lines it wants, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .levels import Levels, number
from .line import Lines
from .output import Output

if TYPE_CHECKING:
    from loguru import Record

AUDIT: Final = "audit"
"""What a line of the audit trail is marked with: `logger.bind(audit=True)`."""


class Writer:
    """Takes the lines of one generation, and writes them.

    standard_library: the least level of what is handed on from there; None for nothing.
    audit: where lines of the audit trail go; None where there is none.
    """

    def __init__(
        self,
        levels: Levels,
        lines: Lines,
        output: Output,
        audit: Output | None,
        standard_library: str | None,
    ) -> None:
        self.standard_library = standard_library
        self._levels = levels
        self._lines = lines
        self._output = output
        self._audit = audit

    @property
    def least(self) -> int:
        """The least level of all lines, in loguru's numbers; those of the audit trail have any."""
        least = self._levels.least
        return least if self._audit is None else min(least, number("INFO"))

    def wants(self, record: Record) -> bool:
        """Whether it writes a line of this record."""
        return self._is_audit(record) or self._levels.want(record)

    def write(self, record: Record, stack: str) -> None:
        """Write it; raises nothing."""
        output = self._audit if self._is_audit(record) else None
        (output or self._output).write(self._lines.of(record, stack))

    def _is_audit(self, record: Record) -> bool:
        return self._audit is not None and record["extra"].get(AUDIT) is True

    def __repr__(self) -> str:
        return f"<Writer to {self._output!r}>"
