"""One plugin's own door to the service registry: `context.service_registry`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Protocol

from marty_chassis.errors import InvalidService, UnknownService
from marty_chassis.hooks import Registrations
from marty_hookspecs import ServiceInfo, ServiceQuery

from .entry import SERVICES, Entry, Noted

if TYPE_CHECKING:
    from .registry import ServiceRegistry


class Ledger(Protocol):
    """Where what a plugin opens is entered with what undoes it."""

    def enter(self, kind: str, undo: Callable[[], object], *, id: str | None = None) -> Noted:
        """Have this called, and awaited, when the plugin stops; raises when it has stopped."""
        ...


class PluginServiceRegistry:
    """Registers services in one plugin's name; they leave when the plugin stops."""

    def __init__(
        self, registry: ServiceRegistry, registrations: Registrations, ledger: Ledger
    ) -> None:
        self._registry = registry
        self._registrations = registrations
        self._ledger = ledger

    async def register(self, info: ServiceInfo, *, ttl: float | None = None) -> ServiceInfo:
        """Register a service and give it as it was registered; an id that is missing is made.

        Plugins may change it first (`service.pre_register`) and are told afterwards
        (`service.post_register`). The same id once more replaces it. With `ttl` (seconds) it needs
        heartbeats; a third of that is a good interval. Raises `InvalidService`, and
        `ForeignService` for an id that another plugin has registered.
        """
        if ttl is not None and not (isinstance(ttl, int | float) and ttl > 0):
            raise InvalidService(
                f"the service that {self._registrations.plugin!r} registers",
                [f"'ttl' is {ttl!r}, not a number of seconds above 0"],
            )
        return await self._registry.register(self._registrations, self._ledger, info, ttl)

    async def unregister(self, id: str) -> bool:
        """Take a service back; False when it is gone already.

        Plugins are told before (`service.pre_unregister`). Raises `ForeignService` for another
        plugin's.
        """
        entry = self._own(id)
        if entry is None:
            self._registry.refuse_foreign(id, self._registrations.plugin)
            return False
        await self._registry.leave(entry)
        return True

    async def heartbeat(self, id: str) -> None:
        """Say that a service lives.

        Raises `UnknownService` when it is not registered (any more: register it again), and
        `ForeignService` for another plugin's.
        """
        await self._registry.sweep()
        entry = self._own(id)
        if entry is None:
            self._registry.refuse_foreign(id, self._registrations.plugin)
            known = [entry.id for entry in self._registrations.entries(SERVICES)]
            raise UnknownService(id, known, self._registrations.plugin)
        self._registry.heartbeat(entry)

    async def discover(self, query: ServiceQuery | None = None) -> list[ServiceInfo]:
        """Give the services that match a query, as `ServiceRegistry.discover` does."""
        return await self._registry.discover(query)

    def registered(self) -> list[ServiceInfo]:
        """Give what this process has registered, as `ServiceRegistry.registered` does."""
        return self._registry.registered()

    def watch(
        self, query: ServiceQuery | None = None, *, every: float = 5.0
    ) -> AsyncGenerator[list[ServiceInfo], None]:
        """Give all services that match, now and whenever they change; see `ServiceRegistry.watch`."""
        return self._registry.watch(query, every=every)

    def _own(self, id: str) -> Entry | None:
        entries = self._registrations.entries(SERVICES)
        return next((entry for entry in entries if entry.id == id), None)

    def __repr__(self) -> str:
        ids = [entry.id for entry in self._registrations.entries(SERVICES)]
        return (
            f"<PluginServiceRegistry of {self._registrations.plugin}: {', '.join(ids) or 'none'}>"
        )
