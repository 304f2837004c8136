"""`config.load`: plugins are asked for configuration before any plugin is initialized."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import needed, reasons
from .moves import Moves
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


async def with_layers(
    moves: Moves, units: Iterable[Unit], config: ChassisConfig
) -> tuple[ChassisConfig, dict[str, str]]:
    """Give the configuration with the answers of these plugins in it.

    Beside it, with their reasons, the required plugins that had none because they failed; then the
    configuration is as it was. The plugins are made, and stay made. Raises `InvalidConfiguration`.
    """
    asked = [unit for unit in units if "config_load" in (unit.hooks or ())]
    if not asked:
        return config, {}
    # Nobody starts meanwhile, the ones that are made for this included.
    moves.held = True
    try:
        return await _asked(moves, asked, config)
    finally:
        moves.held = False


async def _asked(
    moves: Moves, asked: list[Unit], config: ChassisConfig
) -> tuple[ChassisConfig, dict[str, str]]:
    for unit in asked:
        moves.begin(unit, moves.load, moves.born(unit))
    await moves.quiet()
    answers: list[tuple[object, str, object]] = []
    failed: dict[str, str] = {}
    for unit in asked:
        reason, life = unit.reason, unit.life
        if life is not None and unit.wanted:  # A stop may have come meanwhile.
            fault = await life.ask_configuration(config.service.name)
            answers += [(key, unit.name, value) for key, value in life.body.layers]
            reason = "" if fault is None else reasons.of_fault(fault)
        if reason and needed.is_required(unit, config):
            failed[unit.name] = reason
    if failed or not answers:
        return config, failed
    from marty_chassis.settings import HookLayer

    answers.sort(key=lambda answer: answer[0])  # type: ignore[arg-type,return-value]
    return config.rebuilt([HookLayer(name, values) for _, name, values in answers]), {}
