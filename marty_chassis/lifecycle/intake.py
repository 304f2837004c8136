"""From what discovery found to what the supervisor keeps, the unusable ones included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from loguru import logger

from marty_chassis.boundary import Faults, Phase
from marty_chassis.errors import InvalidRequirement

from . import reasons
from .body import Maker
from .moves import DISABLED, Moves
from .order import check_requirements
from .state import State
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate
    from marty_chassis.settings import ChassisConfig


class Intake:
    """Makes units of candidates."""

    def __init__(
        self, moves: Moves, maker: Maker, faults: Faults, config: Callable[[], ChassisConfig]
    ) -> None:
        self._moves = moves
        self._maker = maker
        self._faults = faults
        self._config = config

    def unit(self, candidate: Candidate) -> Unit:
        """Take a plugin in; one that cannot be used is in ERROR from the beginning."""
        unit = Unit(candidate, self._maker.hooks_of(candidate) if candidate.usable else None)
        self.read_settings(unit)
        self._check(unit)
        if not unit.broken:
            if unit.disabled:
                self._moves.move(unit, State.DISABLED, reason=DISABLED)
            elif not candidate.usable:
                self._break(unit, candidate.problem)
        return unit

    def read_settings(self, unit: Unit) -> None:
        """Ask the configuration whether it is disabled; what was said at run time holds."""
        settings = self._config().plugins.settings_of(unit.name)
        unit.disabled = not settings.enabled if unit.switched is None else unit.switched

    def read_again(self, unit: Unit) -> None:
        """Import a plugin that was left alone because it was disabled, or could not be imported.

        So one whose file has been mended starts when it is asked. Of two of one name neither is
        read: they are no better for it.
        """
        before = unit.candidate
        never_read = not before.usable and not unit.broken
        if before.place is None or not (never_read or before.fault is not None):
            return
        read = before.place.read(self._faults)
        same = next((one for one in read if one.name == unit.name), None)
        self.take(unit, same if same is not None else before)

    def take(self, unit: Unit, candidate: Candidate) -> None:
        """Put what was read now into the place of what was read before, of a plugin at rest."""
        before, unit.candidate = unit.candidate, candidate
        unit.metadata = candidate.metadata
        if before.room is not candidate.room:
            before.leave()
        if not candidate.usable:
            self._break(unit, candidate.problem)
            return
        unit.broken = False
        unit.hooks = self._maker.hooks_of(candidate)
        self._check(unit)
        self._moves.reorder()

    def _check(self, unit: Unit) -> None:
        try:
            check_requirements(unit.name, unit.metadata)
        except InvalidRequirement as error:
            unit.metadata = replace(
                unit.metadata, dependencies=(), optional_dependencies=(), provides=()
            )
            self._break(unit, str(error))

    def _break(self, unit: Unit, reason: str) -> None:
        unit.broken = True
        fault = unit.candidate.fault
        reason = reason or (reasons.of_fault(fault) if fault is not None else "It was not read.")
        if fault is None:
            # A fault has been logged with its traceback.
            logger.bind(plugin=unit.name).warning(f"error: {reason}")
        self._moves.move(unit, State.ERROR, phase=Phase.IMPORT, reason=reason)

    def __repr__(self) -> str:
        return f"<Intake of {self._moves!r}>"
