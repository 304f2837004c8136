"""Plugins' figures: asked for when somebody reads them, or in the background at an interval."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from marty_chassis.boundary import Detached, Signal, break_off, spawn
from marty_chassis.hooks import Handler, HookManager
from marty_chassis.plugins.arrangement import ARRANGEMENT

from .figures import Figures, at_hand, brought, collected, figures_at_hand, figures_of

SHORTEST = 0.1
"""Seconds between two collections of one plugin at least, whatever it registers meanwhile."""


@dataclass(frozen=True, slots=True)
class _Known:
    figures: Figures
    handlers: tuple[Handler, ...]
    began: float
    """On the clock."""


class Gathering:
    """The figures of all plugins.

    Where a plugin has arranged an interval, each plugin is asked that often, and once at a time, so
    that one that hangs holds up neither who reads nor another's figures. Its own from before are
    dropped when it is clear that it does not answer: what is shown was true when it was asked.
    """

    def __init__(
        self, manager: HookManager, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._manager = manager
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, Detached[None]] = {}
        self._bell: Signal[None] = Signal()
        self._runs = False
        manager.selector.when_advanced(self._ring)

    @property
    def interval(self) -> float | None:
        """Seconds between two collections in the background; `None` where nobody arranged any."""
        return self._manager.current.part(ARRANGEMENT).interval

    async def figures(self) -> list[Figures]:
        """Give every plugin's figures; waits for plugins only where there is no interval."""
        if self.interval is None or not self._runs:
            return await collected(self._manager)
        found = (self._now(*one) for one in sorted(brought(self._manager).items()))
        return [figures for figures in found if figures is not None]

    async def run(self) -> None:
        """Ask whoever is due, for ever."""
        self._runs = True
        try:
            while True:
                bell = self._bell = Signal()
                # In a call of its own: nothing of a plugin is held here while this waits.
                await bell.within(self._ask_due())
        finally:
            self._runs = False

    async def close(self) -> None:
        """Break off what is asked just now, then forget everything."""
        await break_off(self._asking.values())
        self.forget()

    def forget(self) -> None:
        """Forget everything."""
        self._asking.clear()
        self._known.clear()
        self._runs = False

    def _now(self, plugin: str, handlers: tuple[Handler, ...]) -> Figures | None:
        """What it answered last, with what is at hand as it is now."""
        known, here = self._known.get(plugin), figures_at_hand(self._manager, plugin, handlers)
        if known is None:
            return here
        asked = replace(known.figures, age=max(0.0, self._clock() - known.began))
        if here is None:
            return asked
        others = {k: v for k, v in asked.values.items() if k not in here.definitions}
        return replace(
            asked,
            values={**others, **here.values},
            definitions={**asked.definitions, **here.definitions},
            problems=tuple(dict.fromkeys((*asked.problems, *here.problems))),
        )

    def _ask_due(self) -> float | None:
        """Ask whoever is due; seconds until somebody else is, `None` where that needs news."""
        interval = self.interval
        here = brought(self._manager) if interval is not None else {}
        for gone in self._known.keys() - here.keys():
            del self._known[gone]
        now = self._clock()
        wait: float | None = None
        for plugin, handlers in here.items():
            if plugin in self._asking or len(at_hand(handlers)) == len(handlers):
                continue
            rest = self._due(plugin, handlers, interval or 0.0) - now
            if rest <= 0:
                self._ask(plugin, handlers)
            else:
                wait = rest if wait is None else min(wait, rest)
        return wait

    def _due(self, plugin: str, handlers: tuple[Handler, ...], interval: float) -> float:
        known = self._known.get(plugin)
        if known is None:
            return -math.inf
        return known.began + (interval if known.handlers == handlers else SHORTEST)

    def _ask(self, plugin: str, handlers: tuple[Handler, ...]) -> None:
        task = spawn(self._collect, plugin, handlers, name=f"figures of {plugin}")
        self._asking[plugin] = task
        task.when_ended(lambda ended: self._ended(plugin, ended))

    async def _collect(self, plugin: str, handlers: tuple[Handler, ...]) -> None:
        began = self._clock()
        figures = await figures_of(self._manager, plugin)
        self._known[plugin] = _Known(figures, handlers, began)

    def _ended(self, plugin: str, task: Detached[None]) -> None:
        if self._asking.get(plugin) is task:
            del self._asking[plugin]
            self._ring()

    def _ring(self) -> None:
        self._bell.set(None)

    def __repr__(self) -> str:
        return f"<Gathering of {len(self._known)} plugins, {len(self._asking)} asked just now>"
