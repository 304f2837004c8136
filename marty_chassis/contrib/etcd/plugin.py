"""The plugin `etcd`."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from marty_chassis.contrib.registry import Backend, RegistryPlugin
from marty_chassis.plugins import plugin
from marty_chassis.version import __version__

from .settings import EtcdSettings


@plugin(
    name="etcd",
    version=__version__,
    description="Registers the services of this process in etcd, and finds others there",
    author="marty-chassis",
    config_schema=EtcdSettings,
    failure_policy="open",
)
class Etcd(RegistryPlugin):
    """Speaks with one member's JSON gateway."""

    def backend(self, settings: EtcdSettings) -> AbstractAsyncContextManager[Backend]:
        """Open the gateway."""
        # Here, so that the plugin is known where its library is not installed.
        from .gateway import opened

        return opened(settings, self.logger)
