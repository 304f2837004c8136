"""The plugin manager: pluggy's, whose plugins also have a life."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, overload

from marty_chassis.boundary import Faults, Strays
from marty_chassis.errors import NotAPlugin
from marty_chassis.events import EventBus
from marty_chassis.hooks import HookManager
from marty_chassis.lifecycle import (
    Died,
    Ledger,
    Missing,
    Moved,
    PluginStatus,
    Reloaded,
    Supervisor,
)
from marty_chassis.services import ServiceRegistry
from marty_hookspecs import PROJECT_NAME

from . import offers
from .body import PluginBody, Stager, stage_subscriptions

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate
    from marty_chassis.settings import ChassisConfig


class PluginManager(HookManager):
    """A `pluggy.PluginManager` to whoever uses it as one; `start`, `load` and so on are ours.

    Without a configuration it takes one from the environment when it first needs it. `clock` gives
    seconds that only count: of services that must be heard of, and of handlers that keep failing.
    """

    def __init__(
        self,
        project_name: str = PROJECT_NAME,
        *,
        config: ChassisConfig | None = None,
        faults: Faults | None = None,
        strays: Strays | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(project_name, faults=faults, strays=strays, clock=clock)
        self._given = config
        self._clock = clock
        self.stagers: list[Stager] = [stage_subscriptions]
        """What asks each plugin before it becomes visible; the web host adds its own."""

    @property
    def config(self) -> ChassisConfig:
        """The configuration, with the plugins' answers to `config.load` once they have started."""
        return self.supervisor.config

    @cached_property
    def supervisor(self) -> Supervisor:
        """What moves the plugins."""
        config = self._given
        if config is None:
            from marty_chassis.settings import ChassisConfig

            config = ChassisConfig()
        return Supervisor(self, self, config)

    @cached_property
    def event_bus(self) -> EventBus:
        """The bus that all plugins share."""
        events = self.config.events
        return EventBus(self, mailbox=events.mailbox, publish_timeout=events.publish_timeout)

    @cached_property
    def service_registry(self) -> ServiceRegistry:
        """The registry that all plugins share."""
        return ServiceRegistry(self, clock=self._clock)

    # The life of plugins ----------------------------------------------------------------------

    def adopt(self, candidates: Iterable[Candidate]) -> None:
        """Take in what discovery found, without starting it; raises `PluginExists`."""
        self.supervisor.adopt(candidates)

    async def start(self, name: str | None = None) -> None:
        """Start all plugins, or one; see `Supervisor.start`."""
        await self.supervisor.start(name)

    async def stop(self, name: str | None = None, *, force: bool = False) -> tuple[str, ...]:
        """Stop all plugins, or one; see `Supervisor.stop`."""
        return await self.supervisor.stop(name, force=force)

    async def load(self, plugin: Candidate | object) -> PluginStatus:
        """Take in one plugin and start it: a candidate, an instance, a class, a module, a file.

        Raises `NotAPlugin`, `PluginExists`, `DependencyCycle`, and `NotRunning` while all are being
        stopped.
        """
        from marty_chassis.discovery.candidate import Candidate
        from marty_chassis.discovery.given import given

        if isinstance(plugin, Candidate):
            return await self.supervisor.load(plugin)
        found = given([plugin])[0].read(self.faults)
        if not found:
            raise NotAPlugin(type(plugin).__name__)
        return await self.supervisor.load(found[0])

    async def unload(self, name: str, *, force: bool = False) -> PluginStatus:
        """Stop a plugin and forget it; raises `PluginRequired` without `force`."""
        return await self.supervisor.unload(name, force=force)

    async def reload(self, name: str, *, drained: bool = False) -> Reloaded:
        """Replace a plugin by what its source is now; see `Supervisor.reload`."""
        return await self.supervisor.reload(name, drained=drained)

    async def enable(self, name: str) -> PluginStatus:
        """Let a disabled plugin start."""
        return await self.supervisor.enable(name)

    async def disable(self, name: str, *, force: bool = False) -> PluginStatus:
        """Stop a plugin and keep it from starting; raises `PluginRequired` without `force`."""
        return await self.supervisor.disable(name, force=force)

    @overload
    async def status(self) -> tuple[PluginStatus, ...]: ...

    @overload
    async def status(self, name: str) -> PluginStatus: ...

    async def status(self, name: str | None = None) -> tuple[PluginStatus, ...] | PluginStatus:
        """Everything about every plugin in the order of starting, or about one.

        Raises `UnknownPlugin`.
        """
        if name is None:
            return self.supervisor.status()
        return self.supervisor.status_of(name)

    def missing_required(self) -> list[Missing]:
        """The required plugins that are not started; requests are refused while there are any."""
        return self.supervisor.missing_required()

    def subscribe(self, watcher: Callable[[Moved], None]) -> Callable[[], None]:
        """Call this with each move of a plugin; gives the function that ends it."""
        return self.supervisor.subscribe(watcher)

    # For the supervisor -----------------------------------------------------------------------

    def body(self, candidate: Candidate, ledger: Ledger, died: Died) -> PluginBody:
        """Prepare a run of a plugin; runs nothing of it."""
        return PluginBody(candidate, ledger, died, self)

    def hooks_of(self, candidate: Candidate) -> frozenset[str] | None:
        """The hooks that a plugin will implement; `None` for a factory, which nobody can tell."""
        if candidate.shape == "factory":
            return None
        return offers.hooks_of(candidate.target)
