"""A service with just one plugin in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx2

from marty_chassis.lifecycle import PluginStatus, Reloaded, State, Supervisor
from marty_chassis.lifecycle.census import Ward
from marty_chassis.plugins.body import PluginBody
from marty_chassis.settings import ChassisConfig
from marty_chassis.web import Chassis
from marty_hookspecs import Point
from marty_hookspecs.point import A, P, R

from .clean import assert_clean
from .defaults import DEFAULTS, merged
from .echo import echo
from .failures import NotStarted
from .given import names_of, sorted_out
from .recorder import EventRecorder
from .serving import URL, client, running
from .websocket import WebSocketClient

if TYPE_CHECKING:
    from marty_chassis.events import Event
    from marty_chassis.plugins import PluginContext
    from marty_hookspecs.web import ASGIApp


class PluginHost:
    """A service with these plugins, and nothing else of the environment but its variables.

    plugins: classes, instances, modules, and paths of plugin files, packages or folders. They are
    to start, or `async with` raises `NotStarted`, unless `starts=False`.
    config: the section of the first plugin. settings: everything else of a configuration.
    app: the application; without one, every path is answered with what was asked, as JSON.
    neighbours: more plugins, which may fail. clock: see `FakeClock`.
    folder: where relative paths start; a folder of its own where not given. A plugin may take 5 s
    for anything.

    Leaving stops everything and, with `clean`, raises `LeftBehind` for what is still there, unless
    the test has failed already.
    """

    def __init__(
        self,
        *plugins: object,
        config: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        app: ASGIApp | None = None,
        neighbours: Iterable[object] = (),
        starts: bool = True,
        clean: bool = True,
        clock: Callable[[], float] | None = None,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self._plugins, self._folders = sorted_out(plugins)
        self._neighbours, more = sorted_out(neighbours)
        self._folders += more
        self._config = config
        self._settings = settings or {}
        self._app: ASGIApp = echo if app is None else app
        self._starts = starts
        self._clean = clean
        self._clock = clock
        self._folder = folder
        self._stack = AsyncExitStack()
        self.names = names_of(plugins)
        """Of the plugins, as far as their sources show them."""
        self.events = EventRecorder()
        """Everything that is published here."""
        self.chassis: Chassis
        self.ward: Ward
        """Sees what is left."""
        self.app: ASGIApp
        """The application with the chassis around it."""
        self.client: httpx2.AsyncClient
        """Asks the application."""
        self.operator: httpx2.AsyncClient
        """Asks the management API, as one who may do everything: `/plugins/{name}`."""

    async def __aenter__(self) -> Self:
        self.ward = Ward()
        try:
            await self._enter()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)
        if self._clean and error is None:
            assert_clean(self)

    # Looking ----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The first plugin's; raises `NotStarted` where there is none."""
        if not self.names:
            raise NotStarted([])
        return self.names[0]

    @property
    def plugin(self) -> Any:
        """The first plugin itself, as it runs now; raises `NotStarted`."""
        instance = self.chassis.plugin_manager.supervisor.instance_of(self.name)
        if instance is None:
            raise NotStarted([self.status()])
        return instance

    @property
    def context(self) -> PluginContext:
        """The first plugin's own; raises `NotStarted`."""
        body = self.chassis.plugin_manager.supervisor.body_of(self.name)
        if not isinstance(body, PluginBody) or body.context is None:
            raise NotStarted([self.status()])
        return body.context

    def status(self, name: str | None = None) -> PluginStatus:
        """Everything about one plugin, the first where none is named."""
        return self.chassis.plugin_manager.supervisor.status_of(name or self.name)

    # Doing ------------------------------------------------------------------------------------

    async def ask(self, point: Point[P, R, A], *args: P.args, **kwargs: P.kwargs) -> A:
        """Ask the plugins, as the chassis does: `await host.ask(service_pre_register, info)`."""
        return await self.chassis.hooks.ask(point, *args, **kwargs)

    async def publish(self, type: str, data: Any = None, *, wait: bool = True) -> Event:
        """Publish an event in the application's name; returns when it was handled."""
        return await self.chassis.event_bus.publish(type, data, wait=wait)

    async def reload(self, *, drained: bool = False, **changes: Any) -> Reloaded:
        """Reload the first plugin, with these keys of its section changed.

        `drained` waits until the old generation has gone, and so for requests that still use it.
        """
        manager = self.chassis.plugin_manager
        if changes:
            section = {"plugins": {self.name: changes}}
            manager.supervisor.configure(manager.config.changed(section))
        return await manager.reload(self.name, drained=drained)

    def websocket(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
    ) -> WebSocketClient:
        """Open a websocket: `async with host.websocket("/ws") as websocket:`.

        Entering raises `WebSocketRefused` for one that is not let in.
        """
        return WebSocketClient(self.app, path, headers or {}, subprotocols)

    # ------------------------------------------------------------------------------------------

    async def _enter(self) -> None:
        folder = self._folder or self._stack.enter_context(TemporaryDirectory())
        section = {} if self._config is None else {"plugins": {self.name: self._config}}
        settings = merged(DEFAULTS, section, self._settings)
        config = ChassisConfig.load(None, settings, folder=folder)
        self.chassis = Chassis(
            config,
            plugins=(*self._plugins, *self._neighbours),
            plugin_directories=self._folders,
            clock=self._clock or time.monotonic,
        )
        supervisor = self.chassis.plugin_manager.supervisor
        self.ward.watch(supervisor)
        self._stack.callback(_leave, supervisor)
        self.chassis.bound("service", 80)
        self.events.record(self.chassis.event_bus)
        self._stack.callback(self.events.stop)
        self.app = await self._stack.enter_async_context(running(self.chassis.wrap(self._app)))
        self.client = await self._stack.enter_async_context(client(self.app))
        management = config.management
        token = management.token[0].get_secret_value()
        self.operator = await self._stack.enter_async_context(
            client(
                self.app,
                url=f"{URL}{management.prefix}",
                headers={"authorization": f"Bearer {token}"},
            )
        )
        self._check_started()

    def _check_started(self) -> None:
        others = set(names_of(self._neighbours))
        statuses = self.chassis.plugin_manager.supervisor.status()
        tested = [one for one in statuses if one.name not in others]
        self.names = tuple(dict.fromkeys((*self.names, *(one.name for one in tested))))
        failed = [one for one in tested if one.state is not State.STARTED]
        if failed and self._starts:
            raise NotStarted(failed)

    def __repr__(self) -> str:
        return f"<PluginHost of {', '.join(self.names) or 'no plugins'}>"


def _leave(supervisor: Supervisor) -> None:
    """Let their modules leave the process: nobody will start them again."""
    for candidate in supervisor.candidates().values():
        candidate.leave()
