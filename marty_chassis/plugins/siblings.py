"""`context.plugins`: the other plugins, as they are at the moment of asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marty_chassis.errors import PluginUnavailable, UnknownPlugin
from marty_chassis.lifecycle import Supervisor
from marty_chassis.settings.names import folded


class Siblings:
    """Live references: ask anew each time, as a reload puts another instance in the place.

    A request, and a plugin that is being replaced together with another, sees the plugins of one
    generation: the one it began with.
    """

    def __init__(self, supervisor: Supervisor, beside: Mapping[str, object] | None = None) -> None:
        self._supervisor = supervisor
        self._beside = beside if beside is not None else {}

    def get(self, name: str) -> Any:
        """Give the started plugin of this name; raises `PluginUnavailable`."""
        if (beside := self._beside.get(folded(name))) is not None:
            return beside
        try:
            instance = self._supervisor.instance_of(name)
        except UnknownPlugin:
            raise PluginUnavailable(name, "not known here") from None
        if instance is None:
            state = self._supervisor.status_of(name).state.value
            raise PluginUnavailable(name, state)
        return instance

    __getitem__ = get

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self.get(name)
        except PluginUnavailable:
            return False
        return True

    def __repr__(self) -> str:
        return "<Siblings>"
