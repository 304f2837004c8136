"""This service in its own registry: there while it serves, gone before its plugins stop."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import anyio
from loguru import logger

from marty_chassis.boundary import Detached, spawn
from marty_chassis.errors import ForeignService, UnknownService
from marty_chassis.services import PluginServiceRegistry
from marty_hookspecs import ServiceInfo

if TYPE_CHECKING:
    from marty_chassis.settings import ServiceSettings

Address = tuple[str, int]


class Presence:
    """Registers the service when it starts, keeps its entry fresh, and takes it back."""

    def __init__(self, registry: PluginServiceRegistry) -> None:
        self._registry = registry
        self._id: str | None = None
        """What it is registered as, while it is."""
        self._heart: Detached[None] | None = None

    async def arrive(self, settings: ServiceSettings, bound: Address | None) -> None:
        """Register the service: `service.pre_register`, the registry, `service.post_register`.

        settings: as they are now; plugins may have answered `config.load`.
        bound: where the server listens, as far as anybody has told.
        """
        host, port = _address(settings, bound)
        if host is None:
            logger.warning(
                "the service does not know its own address, so its entry in the registry has"
                " none: serve it with `marty run` or `marty_chassis.serve`, or set"
                " `service.advertise` in the configuration"
            )
        self._id = settings.instance_id or f"{settings.name}-{uuid4().hex[:12]}"
        info: ServiceInfo = {
            "name": settings.name,
            "id": self._id,
            "address": host,
            "port": port,
            "scheme": "http",
            "version": settings.version,
            "tags": list(settings.tags),
            "status": "passing",
        }
        try:
            registered = await self._registry.register(info, ttl=settings.ttl)
        except ForeignService:
            self._id = None  # It is somebody else's to take back.
            raise
        self._id = registered.get("id", self._id)
        self._heart = spawn(self._beat, self._id, info, settings, name="marty: heartbeat")

    async def leave(self) -> None:
        """Take the entry back: `service.pre_unregister`, the registry."""
        known, self._id = self._id, None
        heart, self._heart = self._heart, None
        if heart is not None:
            heart.cancel()
            await heart.wait()
        if known is not None:
            await self._registry.unregister(known)

    async def _beat(self, known: str, info: ServiceInfo, settings: ServiceSettings) -> None:
        while True:
            await anyio.sleep(settings.heartbeat)
            try:
                await self._registry.heartbeat(known)
            except UnknownService:
                # The process slept for longer than the entry lives. Plugins see it as at first.
                await self._registry.register(info, ttl=settings.ttl)

    def __repr__(self) -> str:
        return f"<Presence: {self._id or 'away'}>"


def _address(settings: ServiceSettings, bound: Address | None) -> tuple[str | None, int | None]:
    """What others reach it by: advertised, bound, or configured on purpose."""
    if settings.advertise is not None:
        host, _, port = settings.advertise.rpartition(":")
        return (host, int(port)) if host and port.isdigit() else (settings.advertise, None)
    if bound is not None:
        # Every address of this machine is none that another machine could use.
        return (None if bound[0] in ("0.0.0.0", "::") else bound[0]), bound[1]
    if "port" in settings.model_fields_set and settings.port:
        return settings.host, settings.port
    return None, None
