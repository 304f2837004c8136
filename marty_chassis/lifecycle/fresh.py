"""Reading a plugin anew, and what speaks against taking it: nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from marty_chassis.boundary import Faults
from marty_chassis.errors import InvalidRequirement
from marty_hookspecs import PluginMetadata

from . import reasons
from .order import Order, check_requirements, ordered
from .state import State
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Fresh:
    """A plugin as its source is now."""

    candidate: Candidate
    code_reloaded: bool
    """Whether it is new code."""
    require_restart: bool
    """Whether its source has changed, and only a new process can take that in."""


def read_anew(candidate: Candidate, faults: Faults, *, code: bool) -> Fresh:
    """Read a plugin again, beside what runs of it; one that cannot be used says so itself.

    Without `code` what was read stays, and only what could not be used is read again. Blocks while
    it is imported, as at the start: a thread would not help, since Python compiles and executes
    under one lock, and a module may insist on the thread that it is used in.
    """
    from marty_chassis.discovery import digest_on_disk, reread

    new = candidate if candidate.usable and not code else reread(candidate, faults)
    reloaded = new.usable and new.target is not candidate.target
    moved_on = False
    if new.usable and not reloaded and candidate.sha256 is not None:
        moved_on = digest_on_disk(candidate) not in (None, candidate.sha256)
    return Fresh(new, reloaded, moved_on)


def objection(
    name: str,
    metadata: PluginMetadata,
    units: Mapping[str, Unit],
    order: Order,
    family: Collection[str],
) -> str:
    """Why a plugin cannot be what it says it is now, beside the others; empty when it can.

    order: that of the plugins as they are.
    family: the plugin and those that are to be replaced with it.
    """
    if not same_needs(units[name].metadata, metadata):
        try:
            check_requirements(name, metadata)
        except InvalidRequirement as error:
            return str(error)
        order = ordered({one: unit.metadata for one, unit in units.items()} | {name: metadata})
    for one in family:
        if (cycle := order.cycles.get(one)) is not None:
            return reasons.of_cycle(cycle)
        lacking = [
            need
            for need in order.needs[one]
            if not need.optional
            and not any(units[other].state is State.STARTED for other in need.met_by)
        ]
        if lacking:
            who = "" if one == name else f"plugin {one!r}, which is replaced with it, "
            return f"{who}{reasons.of_block(lacking, units)}"
    return ""


def same_needs(one: PluginMetadata, other: PluginMetadata) -> bool:
    """Whether two descriptions of a plugin make no difference to who waits for whom."""
    return (one.dependencies, one.optional_dependencies, one.provides, one.version) == (
        other.dependencies,
        other.optional_dependencies,
        other.provides,
        other.version,
    )
