"""The plugin: its place around the application, and what it decides about everybody's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marty_chassis.contrib.extras import needs
from marty_chassis.plugins import IMiddlewarePlugin, PluginContext, plugin
from marty_chassis.version import __version__
from marty_hookspecs.web import ASGIApp

from .measured import Measured
from .settings import CustomMetricsSettings

if TYPE_CHECKING:
    from .requests import Requests

PRIORITY = -1000
"""Outermost: what others answer, refuse, compress or delay is measured, too."""


@plugin(
    name="custom-metrics",
    version=__version__,
    description="Figures of requests, and every plugin's gathered in the background",
    author="marty-chassis",
    config_schema=CustomMetricsSettings,
    failure_policy="open",
)
class CustomMetrics(IMiddlewarePlugin):
    """Stands around the application, and keeps what it has counted when it is reloaded."""

    _kept: dict[str, Any] | None = None
    _requests: Requests

    def __init__(self) -> None:
        needs("plugin 'custom-metrics'", "prometheus_client", extra="metrics")

    async def initialize(self, context: PluginContext) -> None:
        self._registry = context.metrics.registry

    def export_state(self) -> dict[str, Any]:
        # The collectors themselves: requests that are under way here are counted in them, too.
        return self._requests.state

    def import_state(self, state: dict[str, Any]) -> None:
        self._kept = state

    async def start(self) -> None:
        # Not above: without the extra the plugin is known all the same.
        from .requests import Requests

        settings: CustomMetricsSettings = self.context.plugin_config
        self._requests = Requests(settings.duration_buckets, self._kept)
        for collector in self._requests.collectors:
            self._registry.register(collector)
        self.context.metrics.arrange(
            interval=settings.collection_interval,
            form=settings.export_format,
            request_hooks=settings.request_hooks,
        )

    def wrap_app(self, app: ASGIApp) -> ASGIApp:
        return Measured(app, self._requests)

    def get_middleware_priority(self) -> int:
        return PRIORITY
