"""A small house for the tests: a manager, a bus, and plugins that are only a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel

from marty_chassis.events import EventBus, PluginEventBus
from marty_chassis.hooks import HookManager, Registrations


class Entry:
    """What a ledger gives for what is entered."""

    def __init__(self, ledger: Ledger, undo: Callable[[], object]) -> None:
        self.ledger = ledger
        self.undo = undo

    def strike(self) -> None:
        if self in self.ledger.entries:
            self.ledger.entries.remove(self)


class Ledger:
    """As much of the lifecycle's ledger as a bus sees."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.ids: list[str | None] = []

    def enter(self, kind: str, undo: Callable[[], object], *, id: str | None = None) -> Entry:
        self.ids.append(id)
        self.entries.append(entry := Entry(self, undo))
        return entry

    def undo(self) -> None:
        while self.entries:
            self.entries.pop().undo()


class Plugin:
    """One run of a plugin, visible unless it is staged."""

    def __init__(self, house: House, name: str, *, staged: bool) -> None:
        self.ledger = Ledger()
        self.registrations = Registrations(house.manager, name)
        self.events: PluginEventBus = house.bus.handle(self.registrations, self.ledger)
        if not staged:
            self.registrations.publish()

    def noting(self, pattern: str, notes: list[Any] | None = None, **options: Any) -> list[Any]:
        """Subscribe a handler that notes the data it gets; gives the notes."""
        notes = [] if notes is None else notes
        self.events.subscribe(pattern, notes.append, **options)
        return notes


class House:
    """A manager with a bus."""

    def __init__(self, *, mailbox: int = 1000, publish_timeout: float = 5.0) -> None:
        self.manager = HookManager()
        self.bus = EventBus(self.manager, mailbox=mailbox, publish_timeout=publish_timeout)

    def plugin(self, name: str, *, staged: bool = False) -> Plugin:
        return Plugin(self, name, staged=staged)

    async def settle(self) -> None:
        assert await self.bus.drain(1)


class Gate:
    """A handler that stands still until it is opened."""

    def __init__(self) -> None:
        self.opened = anyio.Event()
        self.seen: list[Any] = []
        self.entered = 0

    async def __call__(self, event_data: Any) -> None:
        self.entered += 1
        await self.opened.wait()
        self.seen.append(event_data)

    async def reached(self) -> None:
        """Wait until the handler stands there with an event."""
        with anyio.fail_after(1):
            while not self.entered:
                await anyio.lowlevel.checkpoint()
