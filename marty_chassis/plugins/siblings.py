"""`context.plugins`: the other plugins, as they are at the moment of asking."""

from __future__ import annotations

from typing import Any

from marty_chassis.errors import PluginUnavailable, UnknownPlugin
from marty_chassis.lifecycle import Supervisor


class Siblings:
    """Live references: ask anew each time, as a reload puts another instance in the place."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def get(self, name: str) -> Any:
        """Give the started plugin of this name; raises `PluginUnavailable`."""
        try:
            instance = self._supervisor.instance_of(name)
        except UnknownPlugin:
            raise PluginUnavailable(name, "not known here") from None
        if instance is None:
            state = self._supervisor.status_of(name).state.value
            raise PluginUnavailable(name, state)
        return instance

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and self._supervisor.instance_of(name) is not None
        except UnknownPlugin:
            return False

    def __repr__(self) -> str:
        return "<Siblings>"
