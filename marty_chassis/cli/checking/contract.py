"""What plugins are called with: the hooks of the contract, the methods of the IPlugin family."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from marty_chassis.plugins import interfaces
from marty_chassis.plugins.interfaces import IPlugin
from marty_hookspecs import PointSpec
from marty_hookspecs.contract import points


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook of the contract."""

    spec: PointSpec[Any, Any]
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one interface."""

    interface: str
    name: str
    parameters: tuple[str, ...]
    """Passed by position."""
    asynchronous: bool


HOOKS: Final[Mapping[str, Hook]] = {
    point.extension_point.hook: Hook(
        point.extension_point, tuple(inspect.signature(point).parameters)
    )
    for point in points()
}
"""By their names with underscores."""


def _methods(interface: type[IPlugin]) -> dict[str, Method]:
    return {
        name: Method(
            interface.__name__,
            name,
            tuple(inspect.signature(value).parameters)[1:],
            inspect.iscoroutinefunction(value),
        )
        for name, value in vars(interface).items()
        if inspect.isfunction(value)
    }


INTERFACES: Final[Mapping[str, Mapping[str, Method]]] = {
    name: _methods(kind)
    for name, kind in vars(interfaces).items()
    if isinstance(kind, type) and issubclass(kind, IPlugin) and kind is not IPlugin
}
"""What each interface adds to IPlugin."""

EVERYBODYS: Final[Mapping[str, Method]] = {
    **_methods(IPlugin),
    "export_state": Method("IPlugin", "export_state", (), asynchronous=True),
    "import_state": Method("IPlugin", "import_state", ("state",), asynchronous=True),
}
"""What every plugin may have."""

LIFE: Final = frozenset(EVERYBODYS)
"""Called when a plugin comes and goes, and not for requests."""


def methods_of(of: frozenset[str]) -> dict[str, Method]:
    """Give every method that a class of these interfaces may have."""
    found = dict(EVERYBODYS)
    for name in sorted(of & INTERFACES.keys()):
        found.update(INTERFACES[name])
    return found
