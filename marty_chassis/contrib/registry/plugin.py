"""A plugin that keeps what this process registers in a registry, and finds what others have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any, TypedDict

from marty_chassis.contrib.extras import needs
from marty_chassis.plugins import IHealthPlugin, IMetricsPlugin, IServicePlugin, PluginContext
from marty_chassis.services import matches
from marty_hookspecs import MetricDefinition, ServiceInfo, ServiceQuery

from .backend import Backend
from .keeping import Keeper
from .link import Link
from .settings import RegistrySettings
from .watching import Known, Watches

SHOWN = 20
"""Of each kind, in the answer about health."""


class State(TypedDict):
    """What the next run of the plugin takes over."""

    view: str
    known: dict[str, Known]


class RegistryPlugin(IServicePlugin, IHealthPlugin, IMetricsPlugin, ABC):
    """Derive from it, and say with what to speak: `backend`.

    The registry may be away at any time: nothing waits for it, and all is as it was when it is
    back. A reload takes over what is registered and what is known: the same place is one entry in
    the ledger of both runs, so that only the last one to hold it withdraws anything.
    """

    def __init__(self) -> None:
        name = self.plugin_metadata.name
        needs(f"plugin {name!r}", "httpx2", extra=name)

    @abstractmethod
    def backend(self, settings: Any) -> AbstractAsyncContextManager[Backend]:
        """Open the registry of this section."""

    async def initialize(self, context: PluginContext) -> None:
        """Open the registry; nothing is asked of it yet."""
        settings: RegistrySettings = context.plugin_config
        backend = await context.resources.enter_async_context(self.backend(settings))
        self.view = backend.view
        self.link = Link(backend.place, context.logger)
        self.watches = Watches(
            backend,
            self.link,
            lambda watch: context.tasks.start(watch.run, name=f"watch of {watch.name}"),
            patience=settings.first_answer,
            idle=settings.idle,
            grace=settings.ttl,
        )
        self.keeper = Keeper(
            backend,
            self.link,
            context.service_registry.registered,
            context.logger,
            ttl=settings.ttl,
            tags=settings.tags,
            watching=lambda: len(self.watches) > 0,
        )
        self._known: dict[str, Known] = {}
        self._leave_timeout = settings.leave_timeout
        context.ledger.enter("services", self._leave_all, id=f"at {backend.place}", shared=True)

    def export_state(self) -> State:
        """What is known of others."""
        return {"view": self.view, "known": self.watches.known()}

    def import_state(self, state: State) -> None:
        """Know it too, unless it was seen from elsewhere."""
        if state["view"] == self.view:
            self._known = state["known"]

    async def start(self) -> None:
        """Begin to keep and to watch; what is registered already is announced now."""
        self.context.tasks.start(self.keeper.run, name="keep services registered")
        for name, known in self._known.items():
            self.watches.begin(name, known)

    async def on_service_register(self, service_info: ServiceInfo) -> None:
        """Announce a service soon."""
        self.keeper.came(service_info.get("id", ""))

    async def on_service_unregister(self, service_info: ServiceInfo) -> None:
        """Withdraw a service, before it goes."""
        await self.keeper.leave(service_info.get("id", ""), self._leave_timeout)

    async def on_service_discovery(self, query: ServiceQuery) -> list[ServiceInfo]:
        """Give the instances of a service; without a name, of those that are watched already."""
        if "name" in query:
            found = await self.watches.ask(query["name"])
        else:
            found = [service for watch in self.watches for service in watch.services()]
        return [service for service in found if matches(service, query)]

    async def check_health(self) -> Mapping[str, Any]:
        """Whether all that was tried last has worked; who is kept, and who is known."""
        return {
            "healthy": not self.link.troubles,
            "at": self.link.place,
            "away": self.link.is_away,
            "registered": self.keeper.held[:SHOWN],
            "watched": {
                watch.name: "stale" if watch.stale else "fresh"
                for watch in islice(self.watches, SHOWN)
            },
            "troubles": dict(islice(self.link.troubles.items(), SHOWN)),
        }

    def get_health_check_interval(self) -> float:
        """Often: the answer is known."""
        return 5

    async def collect_metrics(self) -> Mapping[str, float]:
        """The same in figures."""
        return {
            "registry_up": int(not self.link.is_away),
            "registry_failures": self.link.failures,
            "registry_registered_services": len(self.keeper.held),
            "registry_watched_services": len(self.watches),
            "registry_stale_services": sum(watch.stale for watch in self.watches),
        }

    def get_metric_definitions(self) -> Mapping[str, MetricDefinition]:
        """What the figures are."""
        return DEFINITIONS

    async def _leave_all(self) -> None:
        await self.keeper.leave_all(self._leave_timeout)


DEFINITIONS: Mapping[str, MetricDefinition] = {
    "registry_up": {
        "type": "gauge",
        "description": "Whether the registry answered when it was last asked",
    },
    "registry_failures": {
        "type": "counter",
        "description": "Calls of the registry without a good answer",
    },
    "registry_registered_services": {
        "type": "gauge",
        "description": "Services of this process that are registered there",
    },
    "registry_watched_services": {
        "type": "gauge",
        "description": "Services that are watched there",
    },
    "registry_stale_services": {
        "type": "gauge",
        "description": "Watched services of which only the last news is known",
    },
}
