"""The contract between a service and its plugins: hook specifications, and nothing that runs.

It depends on pluggy alone. A plugin may import it for `hookimpl` and the types, or not at all:
`pluggy.HookimplMarker("marty")` is enough.
"""

from .cli import cli_commands
from .configuration import config_load
from .contract import __version__
from .events import EventHandler, events_subscriptions
from .health import HealthResult, health_check
from .marker import PROJECT_NAME, hookimpl
from .metadata import FailurePolicy, PluginMetadata, ReloadPolicy
from .metrics import MetricDefinition, metrics_collect, metrics_describe
from .middleware import (
    CallNext,
    CallNextSocket,
    Headers,
    Request,
    Response,
    WebSocket,
    middleware_post_response,
    middleware_pre_request,
    middleware_process,
    middleware_websocket,
)
from .plugin import (
    plugin_failed,
    plugin_loaded,
    plugin_reloaded,
    plugin_started,
    plugin_stopped,
)
from .point import ErrorPolicy, ExtensionPointType, Point, PointSpec, extension_point
from .service import (
    ServiceInfo,
    ServiceQuery,
    service_discover,
    service_post_register,
    service_pre_register,
    service_pre_unregister,
)
from .web import ASGIApp, web_routes, web_wrap

__all__ = [
    "PROJECT_NAME",
    "ASGIApp",
    "CallNext",
    "CallNextSocket",
    "ErrorPolicy",
    "EventHandler",
    "ExtensionPointType",
    "FailurePolicy",
    "Headers",
    "HealthResult",
    "MetricDefinition",
    "PluginMetadata",
    "Point",
    "PointSpec",
    "ReloadPolicy",
    "Request",
    "Response",
    "ServiceInfo",
    "ServiceQuery",
    "WebSocket",
    "__version__",
    "cli_commands",
    "config_load",
    "events_subscriptions",
    "extension_point",
    "health_check",
    "hookimpl",
    "metrics_collect",
    "metrics_describe",
    "middleware_post_response",
    "middleware_pre_request",
    "middleware_process",
    "middleware_websocket",
    "plugin_failed",
    "plugin_loaded",
    "plugin_reloaded",
    "plugin_started",
    "plugin_stopped",
    "service_discover",
    "service_post_register",
    "service_pre_register",
    "service_pre_unregister",
    "web_routes",
    "web_wrap",
]
