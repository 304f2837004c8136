"""Extension points with their handlers, as the management API gives them, and as text."""

from __future__ import annotations

import click

from marty_chassis.hooks import HookManager
from marty_chassis.web.management.models import HandlerView, PointView
from marty_chassis.web.management.points import points_view

from .brought import anybody_to_ask
from .loading import load
from .session import Session
from .talk import warn


def views(session: Session) -> list[PointView]:
    """Give every point; with its handlers where there are plugins to ask."""
    if not anybody_to_ask(session):
        return points_view(HookManager().current).extension_points
    loaded = load(session)
    for one in loaded.all:
        if one.outlook in ("error", "blocked"):
            warn(f"{one.name} is missing here: {one.reason}", session)
    return points_view(loaded.manager.current).extension_points


def told(point: PointView) -> str:
    """Give one point: its facts in a line, each handler in one of its own."""
    head = click.style(point.name, bold=True)
    parameters = ", ".join(point.parameters)
    facts = [point.type, f"errors: {point.on_error}"]
    facts.append("no deadline" if point.deadline is None else f"{point.deadline:g} s each")
    facts += [f"by {point.owner}"] if point.owner else []
    facts += [f"deprecated: {point.deprecated}"] if point.deprecated else []
    lines = [f"{head}({parameters})  {', '.join(facts)}"]
    lines += [f"  {number}. {_handler(one)}" for number, one in enumerate(point.handlers, start=1)]
    return "\n".join(lines)


def _handler(handler: HandlerView) -> str:
    marks = [handler.reason]
    marks += ["wrapper"] if handler.wrapper else []
    marks += ["in a thread"] if handler.blocking else []
    marks += [f"below {handler.scope}"] if handler.scope else []
    return f"{handler.plugin}  {handler.function}  ({', '.join(marks)})"
