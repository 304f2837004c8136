"""Tags the service before it is registered, so that others can find it by what it runs on."""

from __future__ import annotations

import platform

from marty_hookspecs import PluginMetadata, ServiceInfo, hookimpl

# No class is needed: a file with hookimpls is a plugin.
plugin_metadata = PluginMetadata(
    name="service-tagger",
    version="1.0.0",
    description="Tags that say what the service runs on",
)


@hookimpl
def service_pre_register(service_info: ServiceInfo) -> ServiceInfo:
    tags = [f"python-{platform.python_version()}", platform.system().lower()]
    service_info["tags"] = [*service_info.get("tags", ()), *tags]
    return service_info
