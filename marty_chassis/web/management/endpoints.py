"""All endpoints, one table: requests are answered by it and the document is made of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from starlette.responses import Response

from marty_hookspecs.web import ASGIApp

from . import looking, measures, models, moving, probes
from .asked import Asked, Desk
from .document import document
from .endpoint import JSON, OPENMETRICS, PROMETHEUS, Endpoint, Need, look


async def openapi(desk: Desk, asked: Asked) -> ASGIApp:
    """This document."""
    text = document_of(desk, asked.prefix, asked.paths)
    return Response(text, headers={"cache-control": "no-store"}, media_type=JSON)


def document_of(desk: Desk, prefix: str, paths: Collection[str]) -> str:
    """Give the document of those of these paths that are below the prefix, as JSON."""
    service = desk.overseer.config.service
    answered = [one for one in ENDPOINTS if f"{prefix}{one.path}" in paths]
    return document(service.name, service.version, prefix, answered)


def _move(
    action: str,
    move: moving.Move,
    *more: int,
    gives: type[models.Answer] = models.MovedPlugin,
    flags: Mapping[str, str] | None = None,
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> Endpoint:
    return Endpoint(
        "POST",
        f"/plugins/{{name}}/{action}",
        action,
        (move.__doc__ or "").partition("\n")[0],
        Need.OPERATOR,
        partial(moving.audited, action, move),
        {200: (JSON, gives)},
        fails=(403, 404, 409, 503, *more),
        flags=flags or {},
        choices=choices or {},
    )


_HEALTH = probes.MEDIA_TYPE

ENDPOINTS: tuple[Endpoint, ...] = (
    look("/plugins/status", looking.plugins, {200: models.PluginsView}, name="plugins"),
    look(
        "/plugins/metrics",
        measures.metrics,
        {200: models.MetricsView},
        name="metrics",
        texts=(PROMETHEUS, OPENMETRICS),
        fails=(501,),
    ),
    look(
        "/plugins/events",
        looking.journal,
        {},
        name="journal",
        texts=("text/event-stream",),
        headers={"Last-Event-ID": "Begin after this event; without it, with the next one."},
    ),
    look(
        "/plugins/{name}",
        looking.plugin,
        {200: models.PluginDetail},
        name="plugin",
        fails=(400, 403, 404),
        choices={
            "diagnose": (
                "Name who holds what should be gone. For an operator: it collects all garbage,"
                " and the service stands still meanwhile, for two seconds at most.",
                "leaks",
            )
        },
    ),
    look(
        "/plugins/{name}/health",
        looking.health_of_plugin,
        {200: models.PluginHealth, 503: models.PluginHealth},
        name="plugin_health",
        fails=(404,),
    ),
    _move(
        "reload",
        moving.reload,
        400,
        422,
        gives=models.ReloadedPlugin,
        choices={"wait": ("Answer after the swap, or when the old one has left.", "swap", "drain")},
    ),
    _move("enable", moving.enable),
    _move(
        "disable",
        moving.disable,
        400,
        flags={"force": "Disable it even if the service cannot do without it."},
    ),
    look(
        "/extension-points",
        looking.extension_points,
        {200: models.PointsView},
        name="extension_points",
    ),
    look(
        "/metrics",
        measures.prometheus,
        {200: models.MetricsView},
        name="prometheus",
        texts=(PROMETHEUS, OPENMETRICS),
        fails=(501,),
    ),
    look(
        "/health",
        probes.health,
        {200: models.ServiceHealth, 503: models.ServiceHealth},
        name="health",
        need=Need.TOKEN_FOR_DETAILS,
        media_type=_HEALTH,
    ),
    look(
        "/health/live",
        probes.live,
        {200: models.Probe},
        name="live",
        need=Need.NOTHING,
        media_type=_HEALTH,
    ),
    look(
        "/health/ready",
        probes.ready,
        {200: models.Probe, 503: models.Probe},
        name="ready",
        need=Need.NOTHING,
        media_type=_HEALTH,
    ),
    look("/openapi.json", openapi, {}, name="openapi", texts=(JSON,)),
)
"""The first one whose path fits is meant."""
