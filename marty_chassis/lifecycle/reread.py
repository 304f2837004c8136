"""The operator's file, read again when a plugin is reloaded by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marty_chassis.boundary import in_thread

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


async def reread(config: ChassisConfig) -> ChassisConfig:
    """Give the configuration with what its file says of plugins now.

    Everything else is for the next start. Raises `InvalidConfiguration`. Where the file is watched
    it is left to who watches, who moves all plugins that a change concerns.
    """
    if config.path is None or config.plugins.reload.watch:
        return config
    return config.with_plugins_of(
        await in_thread(config.reread, name="configuration: reading again")
    )
