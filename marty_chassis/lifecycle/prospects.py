"""What every plugin may look forward to, and so what is to be done next. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from .order import Need, Order
from .state import State
from .unit import Unit


class Outlook(IntEnum):
    """Whether one can count on a plugin; the greater, the better."""

    GONE = 0
    """It is not started, and will not be by itself."""
    COMING = 1
    """It is on its way."""
    READY = 2
    """It is started and stays so."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one plugin can count on."""

    outlook: Outlook
    ground: Outlook
    """The worst of what it needs."""
    lacking: tuple[Need, ...] = ()
    """The needs that nobody will meet."""
    waits: bool = False
    """Whether something optional is still on its way."""


WILLING = frozenset({State.DISCOVERED, State.LOADED, State.STOPPED, State.BLOCKED, State.DISABLED})
"""States at rest from which a wanted plugin starts by itself."""


def prospects(units: Mapping[str, Unit], order: Order) -> dict[str, Prospect]:
    """Look at all plugins, dependencies first."""
    seen: dict[str, Prospect] = {}
    for name in order.sequence:
        if name not in order.cycles:
            seen[name] = _prospect(units[name], order.needs[name], seen)
    for name in order.cycles:
        seen[name] = Prospect(Outlook.GONE, Outlook.GONE, _unmet(order.needs[name], seen))
    return seen


def free_to_leave(
    name: str, units: Mapping[str, Unit], order: Order, seen: Mapping[str, Prospect]
) -> bool:
    """Whether nobody who leaves too still stands on this plugin, old generations included."""
    for other in order.after(name):
        unit = units[other]
        if unit.olds:
            return False
        leaving = seen[other].outlook is not Outlook.READY
        if (unit.busy is not None or unit.state is State.STARTED) and leaving:
            return False
    return True


def _prospect(unit: Unit, needs: Iterable[Need], seen: Mapping[str, Prospect]) -> Prospect:
    needs = tuple(needs)
    required = [need for need in needs if not need.optional]
    ground = min((_met(need, seen) for need in required), default=Outlook.READY)
    waits = any(_met(need, seen) is Outlook.COMING for need in needs if need.optional)
    return Prospect(_outlook(unit, ground), ground, _unmet(required, seen), waits)


def _outlook(unit: Unit, ground: Outlook) -> Outlook:
    if not unit.wanted:
        return Outlook.GONE
    if unit.change is not None:
        return Outlook.COMING  # Who starts meanwhile is to see the new one, or the old one again.
    if unit.state is State.STARTED and ground is Outlook.READY and unit.life_lasts:
        return Outlook.READY
    moving = unit.busy is not None or unit.state is State.STARTED
    if moving or unit.state in WILLING or unit.asked:
        return min(ground, Outlook.COMING) if unit.life_lasts else Outlook.GONE
    return Outlook.GONE


def _met(need: Need, seen: Mapping[str, Prospect]) -> Outlook:
    return max((seen[name].outlook for name in need.met_by if name in seen), default=Outlook.GONE)


def _unmet(needs: Iterable[Need], seen: Mapping[str, Prospect]) -> tuple[Need, ...]:
    return tuple(n for n in needs if not n.optional and _met(n, seen) is Outlook.GONE)
