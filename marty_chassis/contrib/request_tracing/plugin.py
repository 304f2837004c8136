"""The plugin: its place around the application, and the events it publishes."""

from __future__ import annotations

from typing import Any

from marty_chassis.errors import MartyError
from marty_chassis.plugins import IMiddlewarePlugin, PluginContext, plugin
from marty_chassis.version import __version__
from marty_hookspecs.web import ASGIApp

from .middleware import Traced
from .settings import RequestTracingSettings

PRIORITY = 10
"""Outside of nearly everything: the answers of other plugins are traced, too."""


@plugin(
    name="request-tracing",
    version=__version__,
    description="An id for each request: in headers, log lines, spans and events",
    author="marty-chassis",
    config_schema=RequestTracingSettings,
    failure_policy="open",
)
class RequestTracing(IMiddlewarePlugin):
    """Stands around the application, as one ASGI middleware."""

    async def initialize(self, context: PluginContext) -> None:
        self._dropped = context.metrics.counter(
            "request_tracing_events_dropped", "events of requests that a full mailbox did not take"
        )

    def wrap_app(self, app: ASGIApp) -> ASGIApp:
        return Traced(app, self.context.plugin_config, self._publish)

    def get_middleware_priority(self) -> int:
        return PRIORITY

    async def _publish(self, type: str, data: dict[str, Any]) -> None:
        """Publish without waiting for anybody: a request is not held up by those who listen."""
        try:
            await self.context.event_bus.publish(type, data, seconds=0)
        except MartyError:
            self._dropped.inc()
