"""Showing pluggy what the generations hold, so that `pm.hook.x()` and its registry agree."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .adapter import Adapter, adapters
from .contribution import Contribution
from .generation import Generation
from .points import ExtensionPoint

if TYPE_CHECKING:
    from .manager import HookManager


class Mirror:
    """Registers adapters and specifications with pluggy; what pluggy registered is left alone."""

    def __init__(self, manager: HookManager) -> None:
        self._manager = manager
        self._adapters: dict[str, list[tuple[str, Adapter]]] = {}
        self._points: dict[str, ExtensionPoint] = {}

    def follow(self, before: Generation, after: Generation) -> None:
        """Bring pluggy from one generation to the next."""
        points = {p.hook: p for c in after.contributions.values() for p in c.points}
        moved = {hook for hook, point in self._points.items() if points.get(hook) != point}
        for name, old in before.contributions.items():
            if after.contributions.get(name) is not old or _touches(old, moved):
                self._leave(name)
        for hook in moved:
            # pluggy cannot take a specification back, so the hook leaves with it.
            delattr(self._manager.hook, hook)
            del self._points[hook]
        for hook in points.keys() - self._points.keys():
            holder = {hook: staticmethod(points[hook].specification())}
            self._manager.add_pluggy_hookspecs(type("ExtensionPoints", (), holder))
            self._points[hook] = points[hook]
        for name, new in after.contributions.items():
            if name not in self._adapters and not self._manager.has_plugin(name):
                self._enter(new)

    def _enter(self, contribution: Contribution) -> None:
        made = list(adapters(contribution.plugin, contribution.handlers))
        self._adapters[contribution.plugin] = made
        for name, adapter in made:
            self._manager.register(adapter, name)

    def _leave(self, plugin: str) -> None:
        for name, adapter in self._adapters.pop(plugin, ()):
            self._manager.unregister(adapter, name)


def _touches(contribution: Contribution, hooks: Collection[str]) -> bool:
    return bool(hooks) and any(handler.hook in hooks for handler in contribution.handlers)
