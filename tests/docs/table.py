"""The README's table of extension points, made of the contract.

Run it:  python tests/docs/table.py      (rewrites the table in README.md)
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from marty_hookspecs import ErrorPolicy, Point
from marty_hookspecs.contract import points

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- extension points -->", "<!-- end of extension points -->"
ERRORS = {
    ErrorPolicy.KEEP: "last good value",
    ErrorPolicy.REPORT: "report",
    ErrorPolicy.RAISE: "raise",
}


def table() -> str:
    """One row for each point: name, arguments, type, what an error does, deadline, summary."""
    head = "| extension point | takes | type | an error | seconds | what a plugin does |"
    rows = [_row(point) for point in points()]
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def written() -> str:
    """The table as the README has it."""
    found = re.search(f"{BEGIN}\n(.*?)\n{END}", README.read_text(encoding="utf-8"), re.DOTALL)
    return found[1] if found else ""


def _row(point: Point[Any, Any, Any]) -> str:
    spec = point.extension_point
    takes = ", ".join(f"`{name}`" for name in inspect.signature(point).parameters) or "-"
    deadline = f"{spec.deadline:g}" if spec.deadline else "-"
    summary = (inspect.getdoc(point) or "").splitlines()[0].rstrip(".")
    cells = (f"`{spec.name}`", takes, spec.type.name, ERRORS[spec.on_error], deadline, summary)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    made = f"{BEGIN}\n{table()}\n{END}"
    README.write_text(
        re.sub(f"{BEGIN}.*?{END}", lambda _: made, text, flags=re.DOTALL), encoding="utf-8"
    )
