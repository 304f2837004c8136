"""The answers that show: plugins, extension points, the journal."""

from __future__ import annotations

from marty_chassis.errors import UnknownPlugin
from marty_chassis.settings.names import folded
from marty_chassis.web.problem import problem
from marty_hookspecs.web import ASGIApp

from .access import FORBIDDEN, Role
from .asked import Asked, Desk, answer, refused
from .conditions import plugin_health
from .points import points_view
from .stream import EventStream
from .views import plugin_detail, plugins_view


async def plugins(desk: Desk, asked: Asked) -> ASGIApp:
    """Every plugin."""
    last = desk.journal.id(desk.journal.last)
    return answer(desk, plugins_view(desk.overseer, desk.health, desk.workers.pids, last))


async def plugin(desk: Desk, asked: Asked) -> ASGIApp:
    """One plugin."""
    wanted = asked.query.get("diagnose")
    if wanted not in (None, "leaks"):
        return problem(400, "diagnose is `leaks`.", type="bad-query")
    if wanted is not None and asked.role is not Role.OPERATOR:
        return refused(FORBIDDEN)
    try:
        status = desk.overseer.status_of(asked.plugin)
        leaks = desk.overseer.leaks_of(asked.plugin) if wanted is not None else None
    except UnknownPlugin as error:
        return problem(404, str(error), type="unknown-plugin")
    manager = desk.manager
    return answer(
        desk,
        plugin_detail(
            status,
            desk.health.checked(status.name),
            desk.overseer.config,
            manager.current,
            manager.faults.recent(status.name),
            desk.overseer.remains_of(status.name),
            leaks,
        ),
    )


async def health_of_plugin(desk: Desk, asked: Asked) -> ASGIApp:
    """How one plugin is."""
    name = folded(asked.plugin)
    try:
        status = desk.overseer.status_of(name)
    except UnknownPlugin as error:
        # What pluggy or the application registered has no life, and may have a check.
        if not desk.health.watches(name):
            return problem(404, str(error), type="unknown-plugin")
        status = None
    checked = await desk.health.first(name)
    if status is not None:
        status = desk.overseer.status_of(name)
    found = plugin_health(name, status, checked)
    return answer(desk, found, 200 if found.healthy else 503)


async def extension_points(desk: Desk, asked: Asked) -> ASGIApp:
    """Every extension point."""
    return answer(desk, points_view(desk.manager.current))


async def journal(desk: Desk, asked: Asked) -> ASGIApp:
    """The moves of all plugins, as they happen."""
    return EventStream(desk.journal, asked.header(b"last-event-id"))
