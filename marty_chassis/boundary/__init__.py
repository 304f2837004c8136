"""The only place that runs someone else's code: faults, deadlines, the breaker, detached tasks."""

from __future__ import annotations

from marty_chassis.boundary.backend import (
    Stoppable,
    host_cancelled,
    is_fault,
    on_trio,
    own_scope_cancelled,
    running_loop,
)
from marty_chassis.boundary.breaker import Breaker, BreakerState
from marty_chassis.boundary.deadline import GRACE, bounded, break_off
from marty_chassis.boundary.detached import Detached, Outcome, spawn
from marty_chassis.boundary.faults import Fault, FaultKey, Faults, Phase
from marty_chassis.boundary.guard import guarded
from marty_chassis.boundary.signal import Signal, Turn
from marty_chassis.boundary.strays import Strays
from marty_chassis.boundary.thread import in_thread

__all__ = [
    "GRACE",
    "Breaker",
    "BreakerState",
    "Detached",
    "Fault",
    "FaultKey",
    "Faults",
    "Outcome",
    "Phase",
    "Signal",
    "Stoppable",
    "Strays",
    "Turn",
    "bounded",
    "break_off",
    "guarded",
    "host_cancelled",
    "in_thread",
    "is_fault",
    "on_trio",
    "own_scope_cancelled",
    "running_loop",
    "spawn",
]
