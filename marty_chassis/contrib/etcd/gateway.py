"""What the plugin asks of etcd's JSON gateway, version 3.

Numbers of 64 bits are texts there, keys and values are in base64, and what is 0 is left out.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import httpx2

from marty_chassis.contrib.registry import Forgotten, Heard
from marty_chassis.contrib.registry.http import Http, reading
from marty_hookspecs import ServiceInfo

from .entries import encoded, key_of, value_of
from .following import Following
from .login import Login
from .settings import EtcdSettings

if TYPE_CHECKING:
    from loguru import Logger


class Held(NamedTuple):
    """What this process has in etcd for one service."""

    key: str
    lease: str


class Gateway:
    """One member, or several behind one address; see `Backend`.

    Each service has a lease of its own, whose end takes the service with it.
    """

    def __init__(self, http: Http, settings: EtcdSettings, logger: Logger) -> None:
        self.place = self.view = f"{settings.address}{settings.prefix}"
        self._http = http
        self._settings = settings
        self._logger = logger
        self._held: dict[str, Held] = {}

    async def announce(self, service: ServiceInfo) -> None:
        """Put it under its lease, or a new one."""
        id, key = service.get("id", ""), key_of(self._settings.prefix, service)
        held = self._held.get(id)
        if held is not None and held.key != key:
            await self.withdraw(id)
            held = None
        if held is not None:
            with suppress(Forgotten):
                await self._post("/v3/kv/put", _entry(held, service))
                return
        held = self._held[id] = Held(key, await self._lease())
        await self._post("/v3/kv/put", _entry(held, service))

    async def refresh(self, service: ServiceInfo) -> None:
        """Keep its lease, and see to it that it stands under it."""
        id = service.get("id", "")
        held = self._held.get(id)
        if held is None or not await self._is_kept(held.lease):
            raise Forgotten(f"{id} has no lease")
        # Somebody may have deleted it; and the run of the plugin before this one, on its last
        # round before it leaves, may have put it under a lease that nobody keeps any more.
        ours = {"key": encoded(held.key), "target": "LEASE", "lease": held.lease}
        put = {"request_put": _entry(held, service)}
        await self._post("/v3/kv/txn", {"compare": [ours], "failure": [put]})

    async def withdraw(self, id: str) -> None:
        """Delete it, and end its lease."""
        held = self._held.get(id)
        if held is not None:
            await self._post("/v3/kv/deleterange", {"key": encoded(held.key)})
            with suppress(Forgotten):
                await self._post("/v3/lease/revoke", {"ID": held.lease})
            del self._held[id]

    async def ping(self) -> None:
        """Ask how it is."""
        await self._post("/v3/maintenance/status", {})

    async def follow(self, name: str, heard: Heard) -> None:
        """Read all instances once, then hear of each change from that revision on."""
        await Following(self._http, self._settings, name, heard, self._logger).run()

    async def _lease(self) -> str:
        path = "/v3/lease/grant"
        granted = await self._post(path, {"TTL": str(math.ceil(self._settings.ttl))})
        with reading(f"POST {path}"):
            return str(granted.json()["ID"])

    async def _is_kept(self, lease: str) -> bool:
        path = "/v3/lease/keepalive"
        kept = await self._post(path, {"ID": lease})
        with reading(f"POST {path}"):
            return int(kept.json()["result"].get("TTL", 0)) > 0

    async def _post(self, path: str, question: dict[str, object]) -> httpx2.Response:
        return await self._http.call("POST", path, json=question)

    def __repr__(self) -> str:
        return f"<Gateway at {self.place}>"


def _entry(held: Held, service: ServiceInfo) -> dict[str, object]:
    """The question that puts a service."""
    return {
        "key": encoded(held.key),
        "value": encoded(value_of(service)),
        "lease": held.lease,
    }


@asynccontextmanager
async def opened(settings: EtcdSettings, logger: Logger) -> AsyncIterator[Gateway]:
    """The gateway of a section, while it is open."""
    async with Http(settings, Login(settings)) as http:
        yield Gateway(http, settings, logger)
