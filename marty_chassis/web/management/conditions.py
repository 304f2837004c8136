"""How plugins and the service are, said from the cache and the states; nobody is asked here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marty_chassis.lifecycle import PluginStatus, State

from .health import Checked, Health
from .models import HealthCheck, PluginHealth, ServiceHealth, Status
from .overseer import Overseer
from .views import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

_WELL = frozenset({State.STARTED, State.DISABLED, State.STOPPED, State.DISCOVERED, State.LOADED})
"""States that are no failure of the plugin; whether it is missed is said by `required`."""


def plugin_health(name: str, status: PluginStatus | None, checked: Checked | None) -> PluginHealth:
    """Give how one plugin is: as its check says while it is started, else as its state says."""
    started = status is None or status.state is State.STARTED
    common: dict[str, Any] = {"plugin": name, "state": status and status.state.value}
    if checked is not None and started and not checked.report.silent:
        return PluginHealth(
            **common,
            healthy=checked.report.healthy,
            reason=checked.report.reason,
            details=dict(checked.report.details),
            source="check",
            checked_at=moment(checked.at),
            age_seconds=round(checked.age, 3),
            interval_seconds=checked.interval,
        )
    said = status.reason if status is not None else ""
    return PluginHealth(
        **common,
        healthy=started,
        reason=said if not started else checked.report.reason if checked else "",
        details={},
        source="state",
        checked_at=None,
        age_seconds=None,
        interval_seconds=None,
    )


def service_health(overseer: Overseer, health: Health, *, ready: bool) -> ServiceHealth:
    """Give how the service is, with a line for each plugin."""
    service = overseer.config.service
    checks: dict[str, list[HealthCheck]] = {}
    worst: Status = "pass" if ready else "fail"
    for status in overseer.status():
        found = plugin_health(status.name, status, health.checked(status.name))
        line = _line(found, status)
        checks[f"{status.name}:{'health' if found.source == 'check' else 'state'}"] = [line]
        worst = max(worst, line.status, key=_GRAVITY.__getitem__)
    return ServiceHealth(
        status=worst,
        version=service.version,
        serviceId=service.instance_id or service.name,
        checks=checks,
    )


def _line(found: PluginHealth, status: PluginStatus) -> HealthCheck:
    well = found.healthy or (status.state in _WELL and found.source == "state")
    verdict: Status = "pass" if well else "fail" if status.required else "warn"
    if status.required and status.state is not State.STARTED:
        verdict = "fail"
    observed = found.details if found.source == "check" else status.state.value
    return HealthCheck(
        status=verdict,
        time=found.checked_at or moment(status.since),
        output=None if verdict == "pass" else found.reason or f"It is {status.state.value}.",
        observedValue=observed,
    )


_GRAVITY: Mapping[Status, int] = {"pass": 0, "warn": 1, "fail": 2}
