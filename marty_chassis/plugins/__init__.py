"""What plugins and services are written with: the IPlugin family and the manager. A lazy door.

Importing it brings neither pydantic nor Starlette; the two names that make FastAPI services bring
them when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marty_chassis.errors import PluginNotReady
    from marty_chassis.hooks import ExtensionPoint, ExtensionPointManager
    from marty_chassis.plugins.context import PluginContext
    from marty_chassis.plugins.decorator import plugin
    from marty_chassis.plugins.interfaces import (
        IEventHandlerPlugin,
        IHealthPlugin,
        IMetricsPlugin,
        IMiddlewarePlugin,
        IPlugin,
        IServicePlugin,
    )
    from marty_chassis.plugins.manager import PluginManager
    from marty_chassis.web import (
        PluginEnabledServiceFactory,
        create_plugin_enabled_fastapi_service,
    )
    from marty_hookspecs import ExtensionPointType, PluginMetadata, hookimpl

__all__ = [
    "ExtensionPoint",
    "ExtensionPointManager",
    "ExtensionPointType",
    "IEventHandlerPlugin",
    "IHealthPlugin",
    "IMetricsPlugin",
    "IMiddlewarePlugin",
    "IPlugin",
    "IServicePlugin",
    "PluginContext",
    "PluginEnabledServiceFactory",
    "PluginManager",
    "PluginMetadata",
    "PluginNotReady",
    "create_plugin_enabled_fastapi_service",
    "hookimpl",
    "plugin",
]

_HERE = "marty_chassis.plugins"
_HOMES = {
    "ExtensionPoint": "marty_chassis.hooks",
    "ExtensionPointManager": "marty_chassis.hooks",
    "ExtensionPointType": "marty_hookspecs",
    "IEventHandlerPlugin": f"{_HERE}.interfaces",
    "IHealthPlugin": f"{_HERE}.interfaces",
    "IMetricsPlugin": f"{_HERE}.interfaces",
    "IMiddlewarePlugin": f"{_HERE}.interfaces",
    "IPlugin": f"{_HERE}.interfaces",
    "IServicePlugin": f"{_HERE}.interfaces",
    "PluginContext": f"{_HERE}.context",
    "PluginEnabledServiceFactory": "marty_chassis.web",
    "PluginManager": f"{_HERE}.manager",
    "PluginMetadata": "marty_hookspecs",
    "PluginNotReady": "marty_chassis.errors",
    "create_plugin_enabled_fastapi_service": "marty_chassis.web",
    "hookimpl": "marty_hookspecs",
    "plugin": f"{_HERE}.decorator",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
