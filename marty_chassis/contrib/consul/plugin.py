"""The plugin `consul`."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from marty_chassis.contrib.registry import Backend, RegistryPlugin
from marty_chassis.plugins import plugin
from marty_chassis.version import __version__

from .settings import ConsulSettings


@plugin(
    name="consul",
    version=__version__,
    description="Registers the services of this process in Consul, and finds others there",
    author="marty-chassis",
    config_schema=ConsulSettings,
    failure_policy="open",
)
class Consul(RegistryPlugin):
    """Speaks with the agent beside this process."""

    def backend(self, settings: ConsulSettings) -> AbstractAsyncContextManager[Backend]:
        """Open the agent."""
        # Here, so that the plugin is known where its library is not installed.
        from .agent import opened

        return opened(settings)
