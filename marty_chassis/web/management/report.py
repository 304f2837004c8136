"""From what a plugin answers to `health.check` to a report that can be shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marty_chassis.boundary import Faults, Phase, guarded
from marty_chassis.errors import ContractError, PluginFault
from marty_chassis.hooks import Answer
from marty_chassis.settings.shown import plain

HOOK = "health.check"

LARGEST = 20_000
"""Characters of details that are shown, as JSON."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a plugin said it was, at one moment."""

    healthy: bool
    reason: str = ""
    """Why it is not, or what is to be said besides."""
    details: Mapping[str, object] = field(default_factory=dict)
    """What JSON can hold, without secrets."""
    silent: bool = False
    """It had nothing to say."""


def report(answers: Sequence[Answer[Any]], faults: Faults) -> Report:
    """Give one report for all answers of one plugin: it is healthy when all of them say so."""
    found = [_read(answer, faults) for answer in answers]
    spoken = [one for one in found if not one.silent]
    if not spoken:
        return Report(True, "It has nothing to say.", silent=True)
    return Report(
        all(one.healthy for one in spoken),
        "; ".join(one.reason for one in spoken if one.reason),
        {key: value for one in spoken for key, value in one.details.items()},
    )


def _read(answer: Answer[Any], faults: Faults) -> Report:
    if answer.error is not None:
        return Report(False, str(answer.error))
    try:
        # Even a mapping can be of the plugin's own making.
        with guarded(faults, plugin=answer.plugin, phase=Phase.HOOK, hook=HOOK):
            return _sense(answer.value)
    except PluginFault as error:
        return Report(False, str(error.fault))


def _sense(value: object) -> Report:
    if value is None:
        return Report(True, silent=True)
    if isinstance(value, bool):
        return Report(value, "" if value else "It says that it is not healthy.")
    if not isinstance(value, Mapping):
        raise ContractError(f"the answer is a {type(value).__name__}; give {{'healthy': bool}}")
    healthy = value.get("healthy")
    if not isinstance(healthy, bool):
        raise ContractError(
            "the answer has no 'healthy'; give {'healthy': bool, ...}"
            if healthy is None
            else f"'healthy' is a {type(healthy).__name__}; it must be a bool"
        )
    details = _details({key: item for key, item in value.items() if key != "healthy"})
    return Report(healthy, "" if healthy else "It says that it is not healthy.", details)


def _details(value: Mapping[object, object]) -> Mapping[str, object]:
    # Written and read again: nothing of the plugin's own is kept, and JSON holds no NaN.
    text = json.dumps(plain(value), default=str, allow_nan=False)
    if len(text) > LARGEST:
        raise ContractError(f"the details are {len(text)} characters long; {LARGEST} are shown")
    details: Mapping[str, object] = json.loads(text)
    return details
