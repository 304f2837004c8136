"""The management API on a port of its own: `management.listen`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import anyio
from loguru import logger

from marty_chassis.boundary import spawn

from .address import close, taken

if TYPE_CHECKING:
    from marty_chassis.settings import ManagementSettings

    from .chassis import Chassis

SETTINGS: Final = "management.listen or MARTY_MANAGEMENT__LISTEN"
_PATIENCE: Final = 5
"""Seconds that requests under way have when everything else has stopped."""


def prefix_apart(settings: ManagementSettings) -> str:
    """What its paths begin with there: nothing, unless the configuration says so."""
    return settings.prefix if "prefix" in settings.model_fields_set else ""


@asynccontextmanager
async def management_apart(chassis: Chassis, defaults: dict[str, Any]) -> AsyncIterator[None]:
    """Serve the management API beside whatever is served inside, from before to after it.

    Does nothing where `management.listen` is not set. Its paths are those of the specification,
    unless the configuration names a prefix. Raises `CannotListen`.
    """
    settings = chassis.config.management
    if not settings.enabled or settings.listen is None:
        yield
        return
    import uvicorn

    from .server import Aside

    host, _, port = settings.listen.rpartition(":")
    host = host.strip("[]")
    sockets = await taken(host, int(port), SETTINGS)
    at = sockets[0].getsockname()[1]
    prefix = prefix_apart(settings)
    options: dict[str, Any] = {**defaults, "lifespan": "off", "ws": "none"}
    config = uvicorn.Config(
        chassis.management.at(prefix),
        host=host,
        port=at,
        access_log=False,
        timeout_graceful_shutdown=_PATIENCE,
        **options,
    )
    server = Aside(config)
    chassis.set_apart()
    task = spawn(server.serve, sockets, name="marty: management")
    logger.info("management at http://{}:{}{}", f"[{host}]" if ":" in host else host, at, prefix)
    try:
        yield
    finally:
        server.should_exit = True
        with anyio.CancelScope(shield=True):
            await task.wait(2 * _PATIENCE)
        close(sockets)
        if task.error is not None:
            logger.error("the management API was not served: {}", task.error)
