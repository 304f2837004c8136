"""The rules of `marty plugins check`, made of its table."""

from __future__ import annotations

from marty_chassis.cli.checking import RULES


def rules() -> str:
    """One row for each rule."""
    seen = {"source": "the source", "run": "importing and making it"}
    rows = [
        f"| `{one.name}` | {one.severity} | {seen[one.depth]} | {one.summary} |"
        for one in RULES.values()
    ]
    return "\n".join(["| rule | severity | seen in | |", "|---|---|---|---|", *rows])
