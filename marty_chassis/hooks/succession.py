"""From one generation to the next: only what a change touches is planned again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from marty_chassis.errors import ExtensionPointClash
from marty_hookspecs import PointSpec

from .contribution import Contribution
from .failures import Failures
from .generation import Generation, Lease, PointState
from .handler import Handler
from .plan import planned
from .points import ExtensionPoint


class Specified(NamedTuple):
    """One extension point: what is said of it, its arguments, and the plugin that brought it."""

    spec: PointSpec[Any, Any]
    parameters: tuple[str, ...]
    owner: str | None = None


def successor(
    before: Generation,
    contributions: Mapping[str, Contribution],
    contract: Mapping[str, Specified],
    failures: Failures,
) -> Generation:
    """Make the generation that follows; raises `ExtensionPointClash` for two forms of a point."""
    changed = [
        contribution
        for one, other in (
            (before.contributions, contributions),
            (contributions, before.contributions),
        )
        for name, contribution in one.items()
        if other.get(name) is not contribution
    ]
    points = dict(before.points)
    stale = {handler.hook for contribution in changed for handler in contribution.handlers}
    if any(c.points for c in changed) or not contract.keys() <= points.keys():
        stale |= _respecify(points, _specified(contract, contributions))
    handlers = _handlers(stale & points.keys(), contributions)
    for hook, found in handlers.items():
        points[hook] = _planned(points[hook], found, failures)
    return Generation(
        before.number + 1, MappingProxyType(dict(contributions)), MappingProxyType(points)
    )


def _respecify(points: dict[str, PointState], specified: Mapping[str, Specified]) -> set[str]:
    """Bring the points to their new forms; give the hooks of those that changed."""
    for hook in points.keys() - specified.keys():
        del points[hook]
    changed: set[str] = set()
    for hook, new in specified.items():
        old = points.get(hook)
        if old is None or (old.spec, old.parameters, old.owner) != new:
            points[hook] = PointState(new.spec, new.parameters, (), _unplanned, Lease(), new.owner)
            changed.add(hook)
    return changed


def _specified(
    contract: Mapping[str, Specified], contributions: Mapping[str, Contribution]
) -> dict[str, Specified]:
    found = dict(contract)
    for name, contribution in contributions.items():
        for point in contribution.points:
            found.setdefault(point.hook, Specified(point.spec, tuple(point.parameters), name))
            _refuse_clash(point, found[point.hook])
    return found


def _refuse_clash(point: ExtensionPoint, existing: Specified) -> None:
    if existing[:2] != (point.spec, tuple(point.parameters)):
        raise ExtensionPointClash(point.name, existing.spec.name)


def _handlers(
    hooks: Collection[str], contributions: Mapping[str, Contribution]
) -> dict[str, list[Handler]]:
    """The handlers of these hooks, in the order of calling."""
    found: dict[str, list[Handler]] = {hook: [] for hook in hooks}
    for contribution in contributions.values():
        for handler in contribution.handlers:
            if handler.hook in found:
                found[handler.hook].append(handler)
    for handlers in found.values():
        handlers.sort(key=lambda handler: handler.order)
    return found


def _planned(state: PointState, handlers: list[Handler], failures: Failures) -> PointState:
    lease = Lease()
    call = planned(state.spec, state.parameters, handlers, failures, lease)
    return PointState(state.spec, state.parameters, tuple(handlers), call, lease, state.owner)


def _unplanned(*_: object) -> None:
    raise RuntimeError("an extension point was asked before it was planned")
