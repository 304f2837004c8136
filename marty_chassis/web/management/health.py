"""How plugins are: a cache that is filled at each plugin's own interval, never by whoever reads it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import anyio

from marty_chassis.boundary import Detached, break_off, spawn
from marty_chassis.errors import UnknownPlugin
from marty_chassis.hooks import Handler, HookManager
from marty_hookspecs import health_check

from .overseer import Overseer
from .report import Report, report

INTERVAL = 30.0
"""Seconds between two checks of a plugin that does not say otherwise."""

SHORTEST = 1.0
"""Seconds between two checks at least, whatever a plugin says."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A report with its time."""

    report: Report
    at: float
    """Seconds since 1970."""
    age: float
    """Seconds."""
    interval: float
    """Seconds until the next one."""


@dataclass(frozen=True, slots=True)
class _Known:
    report: Report
    at: float
    ticked: float
    run: int
    """Of the plugin."""


class Health:
    """Asks each plugin's `health.check` at the plugin's own interval, and once at a time.

    What an earlier run of a plugin said is no news of this one. shortest: seconds between two
    checks at least; pace: seconds until a check that has just been registered is noticed.
    """

    def __init__(
        self,
        manager: HookManager,
        overseer: Overseer,
        *,
        clock: Callable[[], float] = time.monotonic,
        shortest: float = SHORTEST,
        pace: float = 1.0,
    ) -> None:
        self._manager = manager
        self._overseer = overseer
        self._clock = clock
        self._shortest = shortest
        self._pace = pace
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, Detached[None]] = {}

    async def run(self) -> None:
        """Ask whoever is due, for ever."""
        while True:
            # In a call of its own: nothing of a plugin is held here while this sleeps.
            wait = self._ask_due()
            await anyio.sleep(wait)

    async def close(self) -> None:
        """Break off what is asked just now, then forget everything."""
        await break_off(self._asking.values())
        self.forget()

    def forget(self) -> None:
        """Forget everything."""
        self._asking.clear()
        self._known.clear()

    def watches(self, plugin: str) -> bool:
        """Whether the plugin has a health check."""
        return plugin in self._handlers()

    def checked(self, plugin: str) -> Checked | None:
        """What is known of a plugin; `None` when it was never asked, or has no check."""
        known = self._known.get(plugin)
        own = self._handlers().get(plugin)
        if known is None or own is None or known.run != self._run_of(plugin):
            return None
        return Checked(
            known.report, known.at, max(0.0, self._clock() - known.ticked), self._interval(own)
        )

    async def first(self, plugin: str) -> Checked | None:
        """What is known of a plugin, asked now if that is nothing; bounded by the hook's deadline."""
        known = self.checked(plugin)
        if known is None and self.watches(plugin):
            await self._ask(plugin).wait()
            known = self.checked(plugin)
        return known

    def outcomes(self) -> Iterator[tuple[str, bool]]:
        """Which plugins were asked, and whether they are healthy, by name."""
        for plugin in sorted(self._known):
            checked = self.checked(plugin)
            if checked is not None:
                yield plugin, checked.report.healthy

    def _ask_due(self) -> float:
        """Ask whoever is due; seconds until somebody else may be."""
        handlers = self._handlers()
        for gone in self._known.keys() - handlers.keys():
            del self._known[gone]
        now = self._clock()
        wait = self._pace
        for plugin, own in handlers.items():
            rest = self._due(plugin, own) - now
            if rest <= 0:
                self._ask(plugin)
            else:
                wait = min(wait, rest)
        return wait

    def _ask(self, plugin: str) -> Detached[None]:
        """Ask, unless that is being done already."""
        task = self._asking.get(plugin)
        if task is None or task.done:
            task = self._asking[plugin] = spawn(self._check, plugin, name=f"health of {plugin}")
            task.when_ended(lambda ended: self._ended(plugin, ended))
        return task

    async def _check(self, plugin: str) -> None:
        run = self._run_of(plugin)
        answers = await self._manager.hooks.ask_one(plugin, health_check)
        if not answers:
            return  # It left before it was asked; its next run is asked when it is there.
        found = report(answers, self._manager.faults)
        self._known[plugin] = _Known(found, time.time(), self._clock(), run)

    def _ended(self, plugin: str, task: Detached[None]) -> None:
        if self._asking.get(plugin) is task:
            del self._asking[plugin]

    def _due(self, plugin: str, own: list[Handler]) -> float:
        known = self._known.get(plugin)
        if known is None or known.run != self._run_of(plugin):
            return -math.inf
        return known.ticked + self._interval(own)

    def _interval(self, own: list[Handler]) -> float:
        return min(max(self._shortest, _seconds(h.options.get("interval"))) for h in own)

    def _run_of(self, plugin: str) -> int:
        try:
            return self._overseer.status_of(plugin).generation
        except UnknownPlugin:
            return 0  # Registered by pluggy, or the application's: it has no runs.

    def _handlers(self) -> dict[str, list[Handler]]:
        found: dict[str, list[Handler]] = {}
        for handler in self._manager.current.handlers("health_check"):
            if not handler.wrapper:
                found.setdefault(handler.plugin, []).append(handler)
        return found

    def __repr__(self) -> str:
        return f"<Health of {len(self._known)} plugins, {len(self._asking)} asked just now>"


def _seconds(said: object) -> float:
    # Exactly these: anything else may run code of the plugin when it is compared.
    if type(said) not in (int, float):
        return INTERVAL
    seconds = float(cast(float, said))
    return seconds if math.isfinite(seconds) and seconds > 0 else INTERVAL
