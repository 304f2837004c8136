"""Which plugins the service cannot do without, and which of these are missing: fail closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from .order import Order
from .state import State
from .status import Missing
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig

REQUEST_HOOKS = frozenset(
    {
        "middleware_pre_request",
        "middleware_process",
        "middleware_websocket",
        "middleware_post_response",
        "web_wrap",
    }
)
"""Hooks that stand between a request and the application."""


def policy(unit: Unit, config: ChassisConfig) -> str | None:
    """What a fault of the plugin does to a request: closed or open; `None` if it meets none.

    The operator's word holds, then the plugin's. A plugin about which nothing can be known, since
    it cannot be imported, is taken for one that meets requests.
    """
    said = config.plugins.settings_of(unit.name).failure_policy or unit.metadata.failure_policy
    if unit.hooks is not None and not unit.hooks & REQUEST_HOOKS:
        return None
    return said or "closed"


def is_required(unit: Unit, config: ChassisConfig) -> bool:
    """Whether the service is to refuse requests while the plugin is not started."""
    settings = config.plugins.settings_of(unit.name)
    if settings.required is not None:
        return settings.required
    if not settings.enabled:
        return False
    if unit.metadata.required:
        return True
    if policy(unit, config) != "closed":
        return False
    return unit.served or unit.name in config.plugins.sections


def taken_with(
    unit: Unit, units: Mapping[str, Unit], order: Order, config: ChassisConfig
) -> list[str]:
    """The required plugins that would leave with this one."""
    leaving = {unit.name} | {
        name for name in order.above(unit.name) if units[name].state is State.STARTED
    }
    return [name for name in sorted(leaving) if is_required(units[name], config)]


def missing(
    units: Mapping[str, Unit], config: ChassisConfig, remembered: Iterable[str]
) -> Iterator[Missing]:
    """Give each required plugin that is not started, by name."""
    plugins = config.plugins
    named = {name for name, one in plugins.settings.items() if one.required}
    for name in sorted({*units, *plugins.required, *named, *remembered, *plugins.sections}):
        unit = units.get(name)
        if unit is not None:
            if unit.state is not State.STARTED and is_required(unit, config):
                yield Missing(name, unit.state, unit.reason)
        elif name in named or name in plugins.required:
            yield Missing(name, None, _NOBODY)
        elif plugins.settings_of(name).required is not False:
            if name in remembered:
                yield Missing(name, None, _NOBODY)
            elif _may_guard(name, config):
                yield Missing(name, None, _SECTION.format(name))


_NOBODY = "No plugin of this name was found, or it was unloaded."
_SECTION = (
    "The configuration has a section for it and no plugin of this name was found, so nobody knows"
    " whether it decides who gets in. Bring it, correct the name, take the section out, or set"
    " plugins.settings.{}.required to false."
)


def _may_guard(name: str, config: ChassisConfig) -> bool:
    """Whether a plugin that is not there could be one that the service cannot do without."""
    settings = config.plugins.settings_of(name)
    return settings.enabled and settings.failure_policy != "open"
