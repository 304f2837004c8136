"""The answers for load balancers and supervisors of processes: healthy, alive, ready."""

from __future__ import annotations

from marty_hookspecs.web import ASGIApp

from .asked import Asked, Desk, answer
from .conditions import service_health
from .models import Probe, ServiceHealth, Status

MEDIA_TYPE = "application/health+json"


async def health(desk: Desk, asked: Asked) -> ASGIApp:
    """How the service is; who is behind it only for callers with a token."""
    found = service_health(desk.overseer, desk.health, ready=desk.ready)
    if asked.role is None:
        found = ServiceHealth(status=found.status)
    status = 503 if found.status == "fail" else 200
    return answer(desk, found, status, media_type=MEDIA_TYPE, sparse=asked.role is None)


async def live(desk: Desk, asked: Asked) -> ASGIApp:
    """Whether the event loop runs: that this is answered says so, whatever plugins do."""
    return answer(desk, Probe(status="pass"), media_type=MEDIA_TYPE)


async def ready(desk: Desk, asked: Asked) -> ASGIApp:
    """Whether every required plugin is started and the service is not about to leave."""
    status: Status = "pass" if desk.ready else "fail"
    return answer(desk, Probe(status=status), 200 if desk.ready else 503, media_type=MEDIA_TYPE)
