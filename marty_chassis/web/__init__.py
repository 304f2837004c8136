"""The ASGI host: the chassis around an application, and the factories of applications."""

from marty_chassis.web.chassis import Chassis
from marty_chassis.web.factories import (
    PluginEnabledServiceFactory,
    create_app,
    create_fastapi_app,
    create_plugin_enabled_fastapi_service,
)
from marty_chassis.web.serving import serve

__all__ = [
    "Chassis",
    "PluginEnabledServiceFactory",
    "create_app",
    "create_fastapi_app",
    "create_plugin_enabled_fastapi_service",
    "serve",
]
