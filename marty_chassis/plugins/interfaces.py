"""The IPlugin family: classes to derive from, where a method has a hook that it answers.

Nothing here is abstract and nothing needs to be called by a subclass: the manager keeps the state.
Only what a subclass overrides is registered (`offers.py` is the table). Each method may be a plain
function. `@hookimpl` works on further methods of the same class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from marty_hookspecs import (
    CallNext,
    CallNextSocket,
    MetricDefinition,
    PluginMetadata,
    Request,
    Response,
    ServiceInfo,
    ServiceQuery,
    WebSocket,
)

if TYPE_CHECKING:
    from loguru import Logger

    from marty_hookspecs.web import ASGIApp

    from .context import PluginContext


class IPlugin:
    """Any plugin. `plugin_metadata`, `logger` and `context` are there before `initialize`.

    Two more methods count where a subclass has them. Before a reload replaces a plugin,
    `export_state()` of the old one is asked, and what it gives is passed to `import_state(state)`
    of the new one, between its `initialize` and its `start`. Give plain values: a class of the old
    one's own file is another class to the new one.
    """

    plugin_metadata: PluginMetadata
    logger: Logger
    context: PluginContext

    async def initialize(self, context: PluginContext) -> None:
        """Make ready: read the configuration, open what is needed, register handlers.

        Nothing of the plugin is visible yet. Raise `PluginNotReady` to be tried again later.
        """

    async def start(self) -> None:
        """Begin to work; when this returns, hooks and events reach the plugin."""

    async def stop(self) -> None:
        """End. Called once `initialize` has returned, also when `start` failed.

        No call reaches the plugin any more. What it opened through its context is undone
        afterwards, even when this raises.
        """


class IServicePlugin(IPlugin):
    """A plugin that has to do with the registry of services."""

    async def on_service_register(self, service_info: ServiceInfo) -> None:
        """Learn that a service has been registered (`service.post_register`)."""

    async def on_service_unregister(self, service_info: ServiceInfo) -> None:
        """Learn that a service is about to leave (`service.pre_unregister`)."""

    async def on_service_discovery(self, query: ServiceQuery) -> list[ServiceInfo] | None:
        """Give the services you know that match (`service.discover`)."""
        return None


class IMiddlewarePlugin(IPlugin):
    """A plugin that stands around requests."""

    async def process_request(self, request: Request, call_next: CallNext) -> Response:
        """Stand around the rest of the request (`middleware.process`)."""
        return await call_next(request)

    async def process_websocket(self, websocket: WebSocket, call_next: CallNextSocket) -> None:
        """Stand around a websocket (`middleware.websocket`)."""
        await call_next(websocket)

    def wrap_app(self, app: ASGIApp) -> ASGIApp:
        """Give the application wrapped in a middleware of the ASGI kind (`web.wrap`).

        Asked once, after `start`. What it gives stands outside of every `process_request`.
        """
        return app

    def get_middleware_priority(self) -> int:
        """Lower is further out; asked once, after `initialize`."""
        return 100


class IEventHandlerPlugin(IPlugin):
    """A plugin that listens to events."""

    def get_event_subscriptions(self) -> Mapping[str, str]:
        """Give the name of a method for each type or pattern; asked once, after `initialize`.

        Each event calls the method that is named, once; `handle_event` where there is none.
        """
        return {}

    async def handle_event(self, event_type: str, event_data: Any) -> None:
        """Handle an event whose subscription names no other method."""


class IHealthPlugin(IPlugin):
    """A plugin that says how it is."""

    async def check_health(self) -> Mapping[str, Any] | bool | None:
        """Give `{"healthy": bool, ...}` (`health.check`)."""
        return None

    def get_health_check_interval(self) -> float:
        """Seconds between two checks; asked once, after `initialize`."""
        return 30


class IMetricsPlugin(IPlugin):
    """A plugin that brings figures."""

    async def collect_metrics(self) -> Mapping[str, float] | None:
        """Give figures by name (`metrics.collect`)."""
        return None

    def get_metric_definitions(self) -> Mapping[str, MetricDefinition] | None:
        """Say what the figures are (`metrics.describe`)."""
        return None
