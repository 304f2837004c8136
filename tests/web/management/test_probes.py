"""Healthy, alive, ready: what load balancers are told, and what only friends are."""

from __future__ import annotations

from typing import Any

import pytest

from marty_chassis.plugins import IHealthPlugin, IPlugin, plugin
from marty_chassis.web.management.models import ServiceHealth

from .conftest import OPERATOR, VIEWER, Make


@plugin(name="database")
class Database(IHealthPlugin):
    healthy = True

    async def check_health(self) -> Any:
        return {"healthy": self.healthy, "connections": 5}


@plugin(name="sick")
class Sick(IPlugin):
    async def start(self) -> None:
        raise RuntimeError("not today")


def unwell() -> Database:
    database = Database()
    database.healthy = False
    return database


REQUIRED = {"entry_points": "none", "required": ["database"]}


async def test_a_service_whose_plugins_are_well_passes(make: Make) -> None:
    service = await make(Database)
    await service.get("/plugins/database/health")

    response = await service.get("/health", VIEWER)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/health+json"
    assert response.headers["cache-control"] == "no-store"
    found = ServiceHealth.model_validate_json(response.content)
    assert (found.status, found.version, found.serviceId) == ("pass", "0.0.0", "marty-service")
    assert found.checks is not None
    (check,) = found.checks["database:health"]
    assert check.observedValue == {"connections": 5}
    assert check.output is None


async def test_strangers_are_told_the_status_alone(make: Make) -> None:
    service = await make(Database)

    response = await service.get("/health", None)

    assert response.status_code == 200
    assert response.json() == {"status": "pass"}


async def test_a_request_with_somebody_elses_authorization_is_a_strangers(make: Make) -> None:
    service = await make(Database)

    async with service.client(None, authorization="Basic bWU6bWU=") as client:
        response = await client.get("/health")

    assert response.json() == {"status": "pass"}


@pytest.mark.parametrize(
    ("plugins", "settings", "status", "code", "output"),
    [
        ([Database, Sick], {}, "warn", 200, "not today"),
        ([unwell()], {}, "warn", 200, "It says that it is not healthy."),
        ([unwell()], REQUIRED, "fail", 503, "It says that it is not healthy."),
        ([Sick], {"entry_points": "none", "required": ["sick"]}, "fail", 503, "not today"),
    ],
)
async def test_a_required_plugin_fails_the_service_and_another_warns(
    make: Make,
    plugins: list[Any],
    settings: dict[str, Any],
    status: str,
    code: int,
    output: str,
) -> None:
    service = await make(*plugins, plugins=settings or {"entry_points": "none"})
    if Sick not in plugins:
        await service.get("/plugins/database/health")

    response = await service.get("/health", OPERATOR)
    stranger = await service.get("/health", None)

    assert (response.json()["status"], response.status_code) == (status, code)
    assert output in response.text
    assert (stranger.json(), stranger.status_code) == ({"status": status}, code)


async def test_a_disabled_plugin_is_no_warning(make: Make) -> None:
    service = await make(Database)
    await service.post("/plugins/database/disable")

    response = await service.get("/health")

    assert response.json()["checks"]["database:state"][0]["observedValue"] == "disabled"
    assert response.json()["status"] == "pass"


async def test_a_required_plugin_that_is_missing_is_not_ready_and_alive(make: Make) -> None:
    service = await make(plugins={"entry_points": "none", "required": ["absent"]})

    ready = await service.get("/health/ready", None)
    live = await service.get("/health/live", None)
    health = await service.get("/health", None)

    assert (ready.status_code, ready.json()) == (503, {"status": "fail"})
    assert (live.status_code, live.json()) == (200, {"status": "pass"})
    assert (health.status_code, health.json()) == (503, {"status": "fail"})


async def test_a_check_that_fails_is_no_reason_to_be_restarted_or_left_out(make: Make) -> None:
    service = await make(unwell(), plugins=REQUIRED)
    await service.get("/plugins/database/health")

    assert (await service.get("/health/ready", None)).status_code == 200
    assert (await service.get("/health/live", None)).status_code == 200


async def test_a_service_that_is_about_to_leave_is_not_ready(make: Make) -> None:
    service = await make(Database)

    service.management.drain()

    assert not service.management.ready
    assert (await service.get("/health/ready", None)).status_code == 503
    assert (await service.get("/health/live", None)).status_code == 200
    await service.management.start()
    assert service.management.ready
    assert (await service.get("/health/ready", None)).status_code == 200
