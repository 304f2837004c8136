"""The order of starting: as data, as text, and for Graphviz."""

from __future__ import annotations

import json
from typing import Any

from .loading import Plugins


def as_levels(plugins: Plugins) -> dict[str, Any]:
    """Give the levels, what each plugin needs and who meets it, and who would not start."""
    order = plugins.order
    return {
        "levels": [list(level) for level in order.levels],
        "needs": {
            name: [
                {"written": n.written, "met_by": list(n.met_by), "optional": n.optional}
                for n in needs
            ]
            for name, needs in order.needs.items()
        },
        "cycles": [list(path) for path in dict.fromkeys(c.path for c in order.cycles.values())],
        "not_started": {
            one.name: one.reason for one in plugins.all if one.outlook in ("error", "blocked")
        },
    }


def as_text(plugins: Plugins) -> str:
    """Draw it, one level a line."""
    lines: list[str] = []
    for number, level in enumerate(plugins.order.levels, start=1):
        lines.append(f"{number}  {'  '.join(_with_needs(name, plugins) for name in level)}")
    for cycle in dict.fromkeys(plugins.order.cycles.values()):
        lines.append(str(cycle))
    lines += [
        f"{one.outlook}: {one.name}: {one.reason}"
        for one in plugins.all
        if one.outlook in ("error", "blocked") and one.name not in plugins.order.cycles
    ]
    return "\n".join(lines) or "There are no plugins here."


def as_dot(plugins: Plugins) -> str:
    """Draw it for `dot -Tsvg`: an arrow leads from a plugin to what it needs."""
    lines = ["digraph plugins {", "  rankdir=LR;", "  node [shape=box];"]
    for one in plugins.plugins.values():
        style = "" if one.outlook == "starts" else f' [style=dashed, tooltip="{one.outlook}"]'
        lines.append(f"  {_quoted(one.name)}{style};")
    for name, needs in plugins.order.needs.items():
        for need in needs:
            style = " [style=dashed]" if need.optional else ""
            if not need.met_by and not need.optional:
                lines.append(f"  {_quoted(need.name)} [color=red];")
                lines.append(f"  {_quoted(name)} -> {_quoted(need.name)} [color=red];")
            lines += [f"  {_quoted(name)} -> {_quoted(other)}{style};" for other in need.met_by]
    return "\n".join([*lines, "}"])


def _with_needs(name: str, plugins: Plugins) -> str:
    written = [need.written for need in plugins.order.needs[name] if need.met_by]
    return f"{name} (after {', '.join(written)})" if written else name


def _quoted(name: str) -> str:
    return json.dumps(name)
