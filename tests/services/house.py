"""A small house for the tests: a manager, a registry, a clock, and plugins that are only a name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from marty_chassis.hooks import HookManager, Registrations
from marty_chassis.services import PluginServiceRegistry, ServiceRegistry
from marty_hookspecs import ServiceInfo


class Entry:
    """What a ledger gives for what is entered."""

    def __init__(self, ledger: Ledger, id: str | None, undo: Callable[[], object]) -> None:
        self.ledger = ledger
        self.id = id
        self.undo = undo

    def strike(self) -> None:
        if self in self.ledger.entries:
            self.ledger.entries.remove(self)


class Ledger:
    """As much of the lifecycle's ledger as a registry sees."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def enter(self, kind: str, undo: Callable[[], object], *, id: str | None = None) -> Entry:
        self.entries.append(entry := Entry(self, f"{kind} {id}", undo))
        return entry

    async def undo(self) -> None:
        for entry in reversed(self.entries[:]):
            done = entry.undo()
            if inspect.isawaitable(done):
                await done
            entry.strike()


class Plugin:
    """One run of a plugin, visible unless it is staged."""

    def __init__(self, house: House, name: str, *, staged: bool) -> None:
        self.ledger = Ledger()
        self.registrations = Registrations(house.manager, name)
        self.services: PluginServiceRegistry = house.registry.handle(
            self.registrations, self.ledger
        )
        if not staged:
            self.registrations.publish()

    def answering(self, *services: Any) -> None:
        """Answer every discovery with these."""
        self.implementing("service.discover", lambda: list(services))

    def implementing(self, hook: str, function: Callable[..., Any]) -> None:
        self.registrations.add_handler(hook, function)

    async def stop(self) -> None:
        """Leave as the lifecycle has a plugin leave."""
        self.registrations.withdraw()
        await self.ledger.undo()


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class House:
    """A manager with a registry, and a book of what plugins are told."""

    def __init__(self) -> None:
        self.manager = HookManager()
        self.clock = Clock()
        self.registry = ServiceRegistry(self.manager, drop_after=30, clock=self.clock)
        self.told: list[str] = []

    def plugin(self, name: str, *, staged: bool = False) -> Plugin:
        return Plugin(self, name, staged=staged)

    def listening(self) -> Plugin:
        """A plugin that notes what it is told, as one that mirrors the registry elsewhere."""
        mirror = self.plugin("mirror")
        for hook in ("service.post_register", "service.pre_unregister"):
            mirror.implementing(hook, self._noting(hook.partition(".")[2]))
        return mirror

    def _noting(self, what: str) -> Callable[[ServiceInfo], None]:
        def note(service_info: ServiceInfo) -> None:
            self.told.append(f"{what} {service_info['id']}:{service_info.get('port')}")

        return note

    async def ids(self, **query: Any) -> list[str]:
        found = await self.registry.discover(query)  # type: ignore[arg-type]
        return [service["id"] for service in found]


def billing(number: int = 1, **more: Any) -> ServiceInfo:
    """A service."""
    return {"name": "billing", "id": f"billing-{number}", "port": 8000 + number, **more}  # type: ignore[typeddict-item]
