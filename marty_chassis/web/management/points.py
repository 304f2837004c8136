"""The extension points as they are asked now: in which order, and why."""

from __future__ import annotations

from typing import Any

from marty_chassis.hooks import Generation, Handler, PointState
from marty_hookspecs.contract import describe, points

from .models import HandlerView, PointsView, PointView


def points_view(generation: Generation) -> PointsView:
    """Give every extension point, by name."""
    known = describe()["points"]
    words = {one.extension_point.name: _first_line(one.__doc__) for one in points()}
    custom = {p.name: p for c in generation.contributions.values() for p in c.points}
    found: list[PointView] = []
    for state in sorted(generation.points.values(), key=lambda state: state.spec.name):
        name = state.spec.name
        if name in custom:
            parameters, description = custom[name].parameters, custom[name].description
        else:
            parameters = known.get(name, {}).get("parameters", {})
            description = words.get(name, "")
        found.append(
            _point(state, {p: parameters.get(p, "") for p in state.parameters}, description)
        )
    return PointsView(extension_points=found)


def _point(state: PointState, parameters: dict[str, str], description: str) -> PointView:
    spec = state.spec
    return PointView(
        name=spec.name,
        hook=spec.hook,
        type=spec.type.value,
        description=description,
        parameters=parameters,
        on_error=spec.on_error.value,
        deadline=spec.deadline,
        copies=spec.copy,
        since=spec.since,
        deprecated=spec.deprecated,
        owner=state.owner,
        handlers=[_handler(handler) for handler in state.handlers],
    )


def _handler(handler: Handler) -> HandlerView:
    return HandlerView(
        plugin=handler.plugin,
        priority=handler.priority,
        reason=handler.reason,
        function=_name(handler.function),
        wrapper=handler.wrapper,
        blocking=handler.blocking,
        failure_policy="closed" if handler.closed else "open",
        scope=handler.scope,
    )


def _name(function: Any) -> str:
    # Not its repr, which is someone else's code.
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__name__


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
