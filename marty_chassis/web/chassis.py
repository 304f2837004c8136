"""One service with plugins: what was found, what runs, and the application it stands around."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
from loguru import logger
from starlette.routing import BaseRoute

from marty_chassis.boundary import Faults
from marty_chassis.discovery import Found, discover
from marty_chassis.events import PluginEventBus
from marty_chassis.hooks import ExtensionPointManager, Hooks, Registrations
from marty_chassis.lifecycle import Ledger
from marty_chassis.plugins import PluginManager
from marty_chassis.plugins.body import PluginBody
from marty_chassis.plugins.siblings import Siblings
from marty_chassis.plugins.watching import Watching, check_watchfiles
from marty_chassis.services import PluginServiceRegistry
from marty_chassis.settings import ChassisConfig
from marty_hookspecs.web import ASGIApp, Receive, Scope, Send

from .configured import configured_plugins
from .host import Host
from .interrupt import ask_for_shutdown
from .lifespan import Lifespan
from .management import Front, Health, Management
from .owned import owned
from .presence import Address, Presence
from .running import Running
from .staging import stage
from .workers import Here, Workers

AnyApp = Callable[[Any, Any, Any], Awaitable[None]]
"""An application of any framework: each has types of its own for scope, receive and send."""
APPLICATION = "(application)"
"""The owner of what the service itself registers; no plugin can have this name."""


class Chassis:
    """One service with its plugins: make it, wrap an application, and let the server run it.

    config: a configuration, or the file that holds it; without one, defaults and environment.
    plugins: plugins that are here already: instances, classes, modules, and paths of plugin files.
    plugin_directories: more plugin folders, from the working directory.
    clock: seconds that only count, for what waits longer than a call: services that must be heard
    of, handlers that keep failing, health checks.

    Making it discovers and imports plugins, and runs nothing else of them. The lifespan of the
    wrapped application starts and stops them, or `async with chassis`; both may, and the first one
    starts. Raises `InvalidConfiguration` and `NotAPlugin`.
    """

    def __init__(
        self,
        config: ChassisConfig | str | os.PathLike[str] | None = None,
        *,
        plugins: Iterable[object] = (),
        plugin_directories: Iterable[str | os.PathLike[str]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        given = configuration(config)
        plugin_directories = tuple(plugin_directories)
        self.faults = Faults(
            redact=lambda words: self.config.masked(words),  # noqa: PLW0108  # it may change
            on_interrupt=ask_for_shutdown,
        )
        self.plugin_manager = PluginManager(config=given, faults=self.faults, clock=clock)
        self.plugin_manager.stagers.append(_stage)
        found = discover(
            given,
            plugins=(*plugins, *configured_plugins(given)),
            extra_directories=plugin_directories,
            faults=self.faults,
        )
        self.plugin_manager.adopt((*found.candidates, *found.disabled))
        # The plugins themselves are the manager's alone: what it has replaced is to leave memory.
        self._found = found.without_targets()
        self.workers = Workers(Here(self.plugin_manager.supervisor))
        self.management = Management(
            self.plugin_manager.supervisor,
            self.plugin_manager,
            bus=self.plugin_manager.event_bus,
            health=Health(self.plugin_manager, self.plugin_manager.supervisor, clock=clock),
            workers=self.workers,
        )
        self._watching = Watching(
            self.plugin_manager.supervisor,
            faults=self.faults,
            strays=self.plugin_manager.failures.strays,
            extra_directories=plugin_directories,
            noted=found.places,
        )
        self._registrations = Registrations(self.plugin_manager, APPLICATION)
        self._registrations.publish()
        self._ledger = Ledger(APPLICATION)
        self._running = Running(self._start, self._stop)
        self._presence = Presence(self.service_registry)
        self._bound: Address | None = None
        self._apart = False
        for problem in found.problems:
            logger.warning("{}", problem)

    @property
    def config(self) -> ChassisConfig:
        """The configuration, with the plugins' answers to `config.load` once they have started."""
        return self.plugin_manager.config

    @property
    def found(self) -> Found:
        """What discovery has found; a plugin that was replaced since as it is now."""
        now = self.plugin_manager.supervisor.candidates()
        candidates = tuple(
            one if one.problem else now.get(one.name, one) for one in self._found.candidates
        )
        return replace(self._found, candidates=candidates)

    @property
    def hooks(self) -> Hooks:
        """Asks plugins: `await chassis.hooks.ask(service_pre_register, info)`."""
        return self.plugin_manager.hooks

    @property
    def plugins(self) -> Siblings:
        """The started plugins: `chassis.plugins.get("audit")` gives the instance."""
        return Siblings(self.plugin_manager.supervisor)

    @cached_property
    def event_bus(self) -> PluginEventBus:
        """The event bus, in the application's name."""
        return self.plugin_manager.event_bus.handle(self._registrations, self._ledger)

    @cached_property
    def service_registry(self) -> PluginServiceRegistry:
        """The service registry, in the application's name."""
        return self.plugin_manager.service_registry.handle(self._registrations, self._ledger)

    @cached_property
    def extension_points(self) -> ExtensionPointManager:
        """Extension points and handlers, in the application's name."""
        return ExtensionPointManager(self._registrations)

    def wrap(self, app: AnyApp, *, prefix: str | None = None) -> Wrapped:
        """Stand around an ASGI 3 application, which behaves as unwrapped but for its plugins.

        prefix: below which the management endpoints are, instead of `management.prefix`.
        """
        return Wrapped(self, app, self._running, prefix)

    def bound(self, host: str, port: int) -> None:
        """Learn where the server listens; to be told before the lifespan starts."""
        self._bound = (host, port)

    def set_apart(self) -> None:
        """Learn that the management API is served at `management.listen`."""
        self._apart = True

    def closing(self) -> None:
        """Learn that the server is about to stop: not ready any more, open streams of ours end."""
        self.management.drain()

    async def retire(self) -> None:
        """Leave the service registry and be ready no more; requests are answered until the stop."""
        self.closing()
        await self._presence.leave()

    def pending(self) -> dict[str, tuple[str, ...]]:
        """What is open now, by plugin; empty at rest, but for what could not be undone."""
        return self.plugin_manager.supervisor.pending()

    async def __aenter__(self) -> Self:
        await self._running.enter()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._running.leave()

    async def _start(self) -> None:
        if self.config.management.listen is not None and not self._apart:
            logger.warning(
                "management.listen is set, and this server knows nothing of it, so that nothing"
                " manages the plugins: use `marty run` or `marty_chassis.serve`"
            )
        watch = self.config.plugins.reload.watch
        if watch:
            check_watchfiles()
        try:
            await self.management.start(opening=True)
            await self.workers.open(self.config.service.name, self.config.path)
            await self.plugin_manager.start()
            await self.workers.begin()
            self.management.open()
            await self._presence.arrive(self.config.service, self._bound)
            if watch:
                await self._watching.start()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._undo()
            raise

    async def _undo(self) -> None:
        """Stop what a start that failed has started."""
        try:
            await self._stop()
        except Exception:  # noqa: BLE001 - what the start raised is what is told
            logger.exception("what had started could not all be stopped")

    async def _stop(self) -> None:
        self.management.drain()
        async with AsyncExitStack() as steps:  # Each is taken, whatever the one before raised.
            steps.push_async_callback(self.management.stop)
            steps.push_async_callback(self.plugin_manager.stop)
            steps.push_async_callback(self._presence.leave)
            steps.push_async_callback(self.workers.close)
            steps.push_async_callback(self._watching.stop)

    def __repr__(self) -> str:
        return f"<Chassis {self.config.service.name!r}: {self.plugin_manager.current!r}>"


class Wrapped:
    """An application with the chassis around it: an ASGI 3 application itself."""

    def __init__(
        self, chassis: Chassis, app: ASGIApp, running: Running, prefix: str | None
    ) -> None:
        self.chassis = chassis
        self.app = app
        self._running = running
        self._prefix = prefix
        manager = chassis.plugin_manager
        self._host = Host(app, manager, manager.supervisor)

    @cached_property
    def management(self) -> Front | None:
        """What is answered here and not by the application; None where it is off or elsewhere.

        Made when it is first needed: by then the application has all of its routes.
        """
        management = self.chassis.management
        settings = self.chassis.config.management
        if not settings.enabled or settings.listen is not None:
            return None
        prefix = management.prefix if self._prefix is None else self._prefix
        return management.at(prefix, owned(self.app, management.at(prefix).paths))

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """The application's own: where it is mounted, `url_for` looks for them here."""
        return self._host.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, serve one websocket, or live through one lifespan."""
        if scope["type"] == "lifespan":
            lifespan = Lifespan(self.app, self._running.enter, self._running.leave)
            await lifespan(scope, receive, send)
            return
        front = self.management
        ours = front is not None and front.answers(scope)
        # While plugins start, what is asked about them is answered; the application's waits.
        if not (self._running.ready or (ours and self._running.here)):
            await self._running.late()
        if front is not None and ours:
            await front(scope, receive, send)
        else:
            await self._host(scope, receive, send)

    def __repr__(self) -> str:
        return f"<{self.app!r} in {self.chassis!r}>"


async def _stage(body: PluginBody) -> None:
    await stage(body.registrations)


def configuration(config: ChassisConfig | str | os.PathLike[str] | None) -> ChassisConfig:
    """Give the configuration itself, the one of a file, or the one of the environment alone."""
    if isinstance(config, ChassisConfig):
        return config
    return ChassisConfig() if config is None else ChassisConfig.from_file(Path(config))
