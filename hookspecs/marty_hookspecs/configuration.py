"""Plugins bring configuration from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .point import ErrorPolicy, ExtensionPointType, extension_point


@extension_point(
    "config.load",
    type=ExtensionPointType.PROVIDER,
    on_error=ErrorPolicy.REPORT,
    deadline=30.0,
)
async def config_load(config_name: str) -> Mapping[str, Any] | None:
    """Give a layer of configuration, in the form of the configuration file.

    :called: once, when the service starts, before any plugin is initialized.
    :results: layers are merged, the first one asked wins; they stand below the environment and
        above the file. They cannot change where plugins are found.
    :errors: reported; a required plugin's error stops the start.

    >>> class Vault:
    ...     @hookimpl
    ...     async def config_load(self, config_name):
    ...         return {"plugins": {"mailer": {"host": "mail.internal"}}}
    """
    ...
