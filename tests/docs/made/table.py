"""The README's table of extension points, made of the contract."""

from __future__ import annotations

import inspect
from typing import Any

from marty_hookspecs import ErrorPolicy, Point
from marty_hookspecs.contract import points

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


def _row(point: Point[Any, Any, Any]) -> str:
    spec = point.extension_point
    takes = ", ".join(f"`{name}`" for name in inspect.signature(point).parameters) or "-"
    deadline = f"{spec.deadline:g}" if spec.deadline else "-"
    summary = (inspect.getdoc(point) or "").splitlines()[0].rstrip(".")
    cells = (f"`{spec.name}`", takes, spec.type.name, ERRORS[spec.on_error], deadline, summary)
    return f"| {' | '.join(cells)} |"
