"""From what is known about plugins to what is answered about them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from marty_chassis.boundary import Fault
from marty_chassis.hooks import Generation
from marty_chassis.lifecycle import Leak, Moved, PluginStatus, Remains

from .health import Checked, Health
from .models import (
    FaultView,
    GenerationView,
    HookView,
    LeakView,
    MissingView,
    Move,
    PluginDetail,
    PluginsView,
    PluginView,
    ServiceView,
    SettingView,
    SurvivorView,
)
from .overseer import Overseer

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


def plugins_view(
    overseer: Overseer, health: Health, workers: Sequence[int], last_event_id: str
) -> PluginsView:
    """Give every plugin in a row."""
    plugins = overseer.status()
    service = overseer.config.service
    return PluginsView(
        service=ServiceView(
            name=service.name,
            version=service.version,
            worker=os.getpid(),
            workers=list(workers),
        ),
        ready=overseer.running and not overseer.missing,
        missing=[
            MissingView(name=m.name, state=m.state and m.state.value, reason=m.reason)
            for m in overseer.missing
        ],
        states=dict(Counter(plugin.state.value for plugin in plugins)),
        plugins=[PluginView(**_row(p, health.checked(p.name))) for p in plugins],
        last_event_id=last_event_id,
    )


def plugin_detail(
    status: PluginStatus,
    checked: Checked | None,
    config: ChassisConfig,
    generation: Generation,
    faults: tuple[Fault, ...],
    remains: Remains,
    leaks: tuple[Leak, ...] | None,
) -> PluginDetail:
    """Give one plugin, whole."""
    return PluginDetail(
        **_row(status, checked),
        sha256=status.sha256,
        sha256_on_disk=remains.sha256_on_disk,
        generations=[
            GenerationView(number=one.number, stage=one.stage, leases=one.leases)
            for one in remains.generations
        ],
        survivors=[
            SurvivorView(generation=one.generation, what=one.what) for one in remains.survivors
        ],
        leaks=None
        if leaks is None
        else [
            LeakView(generation=one.generation, what=one.what, holders=list(one.holders))
            for one in leaks
        ],
        left=list(status.left),
        hooks=_hooks(status.name, generation),
        configuration=_settings(status.name, config),
        recent_faults=[
            FaultView(
                phase=fault.phase.value,
                hook=fault.hook,
                kind=fault.kind,
                message=fault.message,
                traceback=fault.traceback,
                at=moment(fault.at),
            )
            for fault in faults
        ],
    )


def move_json(moved: Moved) -> str:
    """Give one move as the journal keeps it."""
    return Move(
        plugin=moved.name,
        before=moved.before.value,
        after=moved.after.value,
        at=moment(moved.at),
        phase=moved.phase,
        # What a plugin raises may hold what no JSON can.
        reason=moved.reason.encode(errors="backslashreplace").decode(),
    ).model_dump_json()


def moment(seconds: float) -> datetime:
    """Give a time of our books as one that says its zone."""
    return datetime.fromtimestamp(seconds, UTC)


def _row(status: PluginStatus, checked: Checked | None) -> dict[str, Any]:
    return {
        "name": status.name,
        "version": status.version,
        "description": status.description,
        "author": status.author,
        "state": status.state.value,
        "since": moment(status.since),
        "phase": status.phase,
        "reason": status.reason,
        "source": status.source,
        "dependencies": list(status.dependencies),
        "blocked_by": list(status.blocked_by),
        "attempt": status.attempt,
        "next_try": None if status.next_try is None else moment(status.next_try),
        "required": status.required,
        "failure_policy": status.failure_policy,
        "generation": status.generation,
        "faults": status.faults,
        "healthy": checked.report.healthy if checked else None,
    }


def _hooks(plugin: str, generation: Generation) -> list[HookView]:
    return [
        HookView(point=state.spec.name, place=place, of=len(state.handlers), reason=handler.reason)
        for state in generation.points.values()
        for place, handler in enumerate(state.handlers, 1)
        if handler.plugin == plugin
    ]


def _settings(plugin: str, config: ChassisConfig) -> list[SettingView]:
    beginnings = (f"plugins.{plugin}.", f"plugins.settings.{plugin}.")
    return [
        SettingView(key=row.path, value=row.value, origin=row.origin)
        for row in config.show(origin=True)
        if row.path.startswith(beginnings)
    ]
