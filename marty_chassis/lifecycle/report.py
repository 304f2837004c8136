"""What is said about a unit to those who look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marty_chassis.boundary import Faults
from marty_chassis.hooks import HookManager

from . import needed
from .generations import Departures
from .state import State
from .status import GenerationStatus, PluginStatus, Remains
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


def status_of(unit: Unit, config: ChassisConfig, faults: Faults) -> PluginStatus:
    """Everything about one plugin at this moment."""
    metadata = unit.metadata
    return PluginStatus(
        name=unit.name,
        version=metadata.version,
        description=metadata.description,
        author=metadata.author,
        state=unit.state,
        since=unit.since,
        phase=unit.phase.value if unit.phase else None,
        reason=unit.reason,
        source=str(unit.candidate.source),
        dependencies=tuple(metadata.dependencies),
        blocked_by=unit.blocked_by,
        attempt=unit.attempt,
        next_try=unit.next_try,
        required=needed.is_required(unit, config),
        failure_policy=needed.policy(unit, config),
        generation=unit.generation,
        faults=faults.count(unit.name),
        left=unit.left,
        sha256=unit.candidate.sha256,
        switched=unit.switched,
    )


def remains_of(unit: Unit, departures: Departures, manager: HookManager) -> Remains:
    """What there is of one plugin besides the generation that serves; reads its source files."""
    from marty_chassis.discovery import digest_on_disk

    selector, serving = manager.selector, []
    if unit.state is State.STARTED:
        serving = [GenerationStatus(unit.generation, "serving", selector.current.lease.count)]
    olds = [
        GenerationStatus(
            old.number,
            "stopping" if old.stops else "draining",
            selector.uses(old.contribution) if old.contribution is not None else 0,
        )
        for old in reversed(unit.olds)
    ]
    return Remains(
        (*serving, *olds), departures.survivors.of(unit.name), digest_on_disk(unit.candidate)
    )
