"""What was found, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import click

from marty_chassis.cli.talk import table

from .finding import Finding, in_order
from .rules import RULES


@dataclass(frozen=True, slots=True)
class Report:
    """All of one check."""

    findings: Sequence[Finding]
    files: int
    """How many sources were looked at."""
    plugins: Sequence[Mapping[str, Any]] | None
    """Those that were tried, as in a listing; None where nothing was run."""

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(one.severity == "error" for one in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are not."""
        return len(self.findings) - self.errors

    def as_data(self, *, ok: bool) -> dict[str, Any]:
        """Give it as JSON holds it; keys are added, and none is taken away.

        `ok` as the exit code says; `findings` as `Finding` has them; `plugins`: those that would
        not start, as `marty plugins list --json` has them.
        """
        return {
            "ok": ok,
            "errors": self.errors,
            "warnings": self.warnings,
            "files": self.files,
            "findings": [one.as_data() for one in in_order(self.findings)],
            "plugins": [one for one in self.plugins or () if one["state"] in ("error", "blocked")],
        }

    def told(self) -> str:
        """Give it for people: by file, in the order of the lines."""
        lines: list[str] = []
        for path, these in groupby(in_order(self.findings), lambda one: one.path):
            lines += [click.style(path or "without a file", bold=True), *map(_line, these), ""]
        return "\n".join(lines[:-1])

    def summary(self) -> str:
        """Give the one line at the end."""
        said = f"{_counted(self.errors, 'error')} and {_counted(self.warnings, 'warning')}"
        if not self.findings:
            said = "Nothing is wrong"
        said = f"{said} in {_counted(self.files, 'file')}"
        if self.plugins is None:
            return f"{said}."
        usable = sum(one["state"] == "starts" for one in self.plugins)
        return f"{said}; {usable} of {_counted(len(self.plugins), 'plugin')} would start."


def rules_as_text() -> str:
    """Give the table of all rules."""
    rows = [(one.name, one.severity, one.depth, one.summary) for one in RULES.values()]
    return table(("rule", "severity", "seen in", "what is wrong"), rows)


def rules_as_data() -> list[dict[str, str]]:
    """Give it as JSON holds it."""
    return [asdict(one) for one in RULES.values()]


def _line(one: Finding) -> str:
    place = ":".join(str(number) for number in (one.line, one.column) if number)
    colour = "red" if one.severity == "error" else "yellow"
    head = f"  {place:<7} {click.style(f'{one.severity}:', fg=colour)} {one.message}."
    rule = click.style(f"[{one.rule}]", dim=True)
    return f"{head} {rule}" + (f"\n{'':>10}{one.hint}" if one.hint else "")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s'[: number != 1]}"
