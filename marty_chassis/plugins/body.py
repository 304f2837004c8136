"""One run of one plugin: what the lifecycle moves, whatever kind of plugin it is.

`initialize`, `start` and `stop` are called on an `IPlugin`, and on a class or module that has
`plugin_metadata`. A bare object with hookimpls has hooks and nothing else: a function of it that
happens to be called `start` is its own affair.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from marty_chassis.hooks import (
    Contribution,
    ExtensionPointManager,
    Handler,
    Registrations,
    Standing,
    is_awaitable,
    reading,
    step,
)
from marty_chassis.lifecycle import Died, Ledger
from marty_hookspecs import PluginMetadata

from . import offers
from .context import PluginContext
from .interfaces import IPlugin
from .layers import plain_layer
from .logs import plugin_logger
from .metrics import Metrics
from .siblings import Siblings
from .tasks import Tasks

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate

    from .manager import PluginManager

Stager = Callable[["PluginBody"], Awaitable[None]]
"""Asks a plugin, before it becomes visible, what is asked at staging, and registers the answers."""


class PluginBody:
    """See `marty_chassis.lifecycle.Body`."""

    def __init__(
        self, candidate: Candidate, ledger: Ledger, died: Died, manager: PluginManager
    ) -> None:
        settings = manager.config.plugins.settings_of(candidate.name)
        closed = settings.failure_policy or candidate.metadata.failure_policy or "closed"
        self.candidate = candidate
        self.metadata = candidate.metadata
        self.ledger = ledger
        self.instance: object | None = None
        self.context: PluginContext | None = None
        self.layers: list[tuple[object, object]] = []
        self.beside: dict[str, object] = {}
        self.registrations = Registrations(
            manager,
            candidate.name,
            Standing(settings.priority, closed == "closed", candidate.depth, candidate.scope),
        )
        self.event_bus = manager.event_bus.handle(self.registrations, ledger)
        self._manager = manager
        self._died = died
        self._logger = plugin_logger(candidate.name, settings.log_level)

    async def construct(self) -> None:
        """Make the plugin."""
        made: Any = self.candidate.target
        if self.candidate.shape in ("class", "factory"):
            made = made()
            if is_awaitable(made):
                made = await made
            if isinstance(made, type):
                made = made()
        said = getattr(made, "plugin_metadata", None)
        if self.candidate.shape == "factory" and isinstance(said, PluginMetadata):
            self.metadata = replace(said, name=self.candidate.name)
        self.instance = made
        if isinstance(made, IPlugin):
            _give(made, "plugin_metadata", self.metadata)
            _give(made, "logger", self._logger)

    async def load_configuration(self, config_name: str) -> None:
        """Ask its `config.load`, before anything of it is registered."""
        asked = Registrations(self._manager, self.candidate.name, self.registrations.standing)
        for mark in reading.marked(self.instance):
            if mark.hook.replace(".", "_") == "config_load":
                handler = asked.add_handler("config_load", mark.function, mark.options)
                answer = await _asked(handler, ("config_name",), config_name)
                if answer is not None:
                    self.layers.append((handler.order, plain_layer(answer, self.candidate.name)))

    async def configure(self) -> None:
        """Check its section, and make its context."""
        manager, config, name = self._manager, self._manager.config, self.candidate.name
        schema = self.metadata.config_schema
        section = config.raw_section(name) if schema is None else config.plugin_model(name, schema)
        for problem in config.warnings:
            if problem.path.startswith(f"plugins.{name}."):
                self._logger.warning(str(problem))
        failures = manager.failures
        self.context = PluginContext(
            metadata=self.metadata,
            config=config,
            plugin_config=section,
            logger=self._logger,
            event_bus=self.event_bus,
            service_registry=manager.service_registry.handle(self.registrations, self.ledger),
            extension_points=ExtensionPointManager(self.registrations),
            metrics=Metrics(self.registrations, self.ledger),
            tasks=Tasks(self.ledger, failures.faults, failures.strays, self._died),
            plugins=Siblings(manager.supervisor, self.beside),
            masked=lambda words: manager.config.masked(words),  # noqa: PLW0108  # it may change
            ledger=self.ledger,
        )
        if isinstance(self.instance, IPlugin):
            _give(self.instance, "context", self.context)

    async def initialize(self) -> None:
        """Run its `initialize`, then read what it offers."""
        await self._call("initialize", self.context)
        await offers.register(self.instance, self.registrations)

    @property
    def keeps_state(self) -> bool:
        """Whether it takes what the run before it has left."""
        return self._method("import_state") is not None

    async def export_state(self) -> object:
        """Give what the next run is to have; `None` for nothing."""
        return await self._call("export_state")

    async def import_state(self, state: object) -> None:
        """Take what the run before it has given."""
        await self._call("import_state", state)

    async def start(self) -> None:
        """Run its `start`, then ask what is asked at staging."""
        await self._call("start")
        self.event_bus.subscribe_all(await offers.subscriptions(self.instance))
        for stager in self._manager.stagers:
            await stager(self)

    async def drain(self, withdrawn: Contribution, seconds: float) -> bool:
        """Wait for calls under way, then for events that were accepted."""
        ends = time.monotonic() + seconds
        drained = await self._manager.selector.drained(withdrawn, seconds)
        return await self.event_bus.drain(max(0.0, ends - time.monotonic())) and drained

    async def stop(self) -> None:
        """Run its `stop`."""
        await self._call("stop")

    def let_go(self) -> None:
        """Hold nothing of the plugin, so that it leaves memory at once and not with other garbage."""
        self.instance = self.context = None

    async def ask(self, hook: str, parameters: Sequence[str], *arguments: object) -> list[Any]:
        """What its own handlers of one hook answer, for a stager; `None` is left out."""
        answers = [
            await _asked(handler, tuple(parameters), *arguments)
            for handler in self.registrations.handlers(hook)
        ]
        return [answer for answer in answers if answer is not None]

    async def _call(self, method: str, *arguments: object) -> object:
        function = self._method(method)
        if function is None:
            return None
        answer = function(*arguments)
        return await answer if is_awaitable(answer) else answer

    def _method(self, name: str) -> Callable[..., Any] | None:
        if not isinstance(self.instance, IPlugin) and not _says_who_it_is(self.instance):
            return None
        return getattr(self.instance, name, None)

    def __repr__(self) -> str:
        return f"<PluginBody {self.candidate.name}>"


async def stage_subscriptions(body: PluginBody) -> None:
    """Ask `events.subscriptions`, and subscribe."""
    for answer in await body.ask("events_subscriptions", ()):
        body.event_bus.subscribe_all(answer)


async def _asked(handler: Handler, parameters: tuple[str, ...], *arguments: object) -> Any:
    answer = step(handler, parameters).call(*arguments)
    return await answer if is_awaitable(answer) else answer


def _says_who_it_is(plugin: object) -> bool:
    return isinstance(getattr(plugin, "plugin_metadata", None), PluginMetadata)


def _give(plugin: object, name: str, value: object) -> None:
    try:
        setattr(plugin, name, value)
    except AttributeError:
        # It has a property or slots of its own there, and its own is what it gets.
        return
