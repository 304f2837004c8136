"""What is said about a unit to those who look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marty_chassis.boundary import Faults

from . import needed
from .status import PluginStatus
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
