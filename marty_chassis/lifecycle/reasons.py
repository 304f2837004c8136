"""Why a plugin is where it is, in one line, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from marty_chassis.boundary import Fault, Phase
from marty_chassis.errors import DependencyCycle

from .life import Ending
from .order import Need
from .state import State
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate

_SAID = {
    State.ERROR: "in error",
    State.QUARANTINED: "in quarantine",
    State.RETRYING: "not ready",
    State.DISCOVERED: "not started",
}
_LONGEST = 400
"""Characters of the plugin's own words."""

_WHAT_TO_DO = {
    Phase.IMPORT: "Mend its file",
    Phase.CONSTRUCT: "Mend its constructor",
    Phase.CONFIGURE: "Mend its section of the configuration",
    Phase.INITIALIZE: "Mend its initialize",
    Phase.SAVE: "Mend the export_state of the generation that serves, or leave import_state out",
    Phase.RESTORE: "Mend its import_state",
    Phase.START: "Mend its start",
    Phase.RUN: "One of its background tasks died: mend it",
    Phase.STOP: "It has left, and what it registered is undone: mend its stop",
    Phase.UNDO: "It has left: mend what it opened through its context",
    Phase.HOOK: "Mend the hook",
}


def of_fault(fault: Fault) -> str:
    """The reason of a plugin that failed."""
    if fault.advised:
        return str(fault)
    what = " ".join(fault.message.split())
    what = what if len(what) <= _LONGEST else f"{what[:_LONGEST]} ..."
    first = f"{fault.phase.value} {fault.hook}" if fault.hook else fault.phase.value
    said = f"{fault.kind}: {what}" if what else fault.kind
    return (
        f"{first} failed: {said.rstrip('.')}. {_WHAT_TO_DO[fault.phase]};"
        f" its log lines (plugin={fault.plugin}) hold the traceback."
    )


def of_ending(ending: Ending, left: Iterable[str]) -> str:
    """The reason that an ending leaves behind; empty when all went well."""
    if ending.not_ready is not None:
        return f"not ready: {ending.not_ready}. It is tried again by itself."
    told = of_fault(ending.fault) if ending.fault is not None else ""
    if ending.state is not State.QUARANTINED:
        return told
    what = ", ".join(left) or "some of its code"
    return f"{what} did not stop when told to and still runs; restart the process. {told}".strip()


def of_block(lacking: Iterable[Need], units: Mapping[str, Unit]) -> str:
    """The reason of a plugin that waits for others."""
    needs = list(lacking)
    said = "; ".join(_unmet(need, units) for need in needs)
    there = any(need.met_by for need in needs)
    do = (
        "It starts by itself when that has started."
        if there
        else "Install or enable it, or remove the dependency."
    )
    return f"needs {said}. {do}"


def of_candidate(candidate: Candidate) -> str:
    """The reason that what was read cannot be used; empty when it can."""
    if candidate.usable:
        return ""
    fault = candidate.fault
    return candidate.problem or (of_fault(fault) if fault is not None else "It was not read.")


def of_cycle(cycle: DependencyCycle) -> str:
    """The reason of a plugin that waits for itself."""
    path = " -> ".join(cycle.path)
    return f"plugins wait for each other: {path}. Remove one of these dependencies."


def blockers(lacking: Iterable[Need]) -> tuple[str, ...]:
    """The names that a plugin waits for: of plugins where there are any, else as it wrote them."""
    return tuple(dict.fromkeys(name for need in lacking for name in (need.met_by or (need.name,))))


def _unmet(need: Need, units: Mapping[str, Unit]) -> str:
    if not need.met_by:
        return str(need)
    found = ", ".join(
        _SAID.get(units[name].state, units[name].state.value)
        + ("" if name == need.name else f" ({name})")
        for name in need.met_by
    )
    return f"{need.written!r}, which is {found}"
