"""What the plugin asks of Consul's HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote

import httpx2

from marty_chassis.contrib.registry import Forgotten, Heard
from marty_chassis.contrib.registry.http import Http, reading
from marty_chassis.contrib.registry.rate import Rate
from marty_hookspecs import ServiceInfo

from .reading import instances
from .settings import ConsulSettings
from .writing import duration, registration, status


class Agent:
    """One agent; see `Backend`."""

    def __init__(self, http: Http, settings: ConsulSettings) -> None:
        self.place = settings.address
        self.view = f"{settings.address} {settings.datacenter or ''}"
        self._http = http
        self._settings = settings

    async def announce(self, service: ServiceInfo) -> None:
        """Register it with a check that wants heartbeats, and that knows how it is from the start."""
        body = registration(service, self._settings.ttl, self._settings.deregister_after)
        await self._http.call("PUT", "/v1/agent/service/register", json=body)

    async def refresh(self, service: ServiceInfo) -> None:
        """Say how it is."""
        await self._update(service.get("id", ""), status(service), "")

    async def withdraw(self, id: str) -> None:
        """Call it dead, in case it cannot be taken out; then take it out."""
        with suppress(Forgotten):
            await self._update(id, "critical", "it is leaving")
        with suppress(Forgotten):
            await self._http.call("PUT", f"/v1/agent/service/deregister/{quote(id, safe='')}")

    async def ping(self) -> None:
        """Ask who leads."""
        await self._http.call("GET", "/v1/status/leader")

    async def follow(self, name: str, heard: Heard) -> None:
        """Ask for its health, again and again: each question waits for news from the last index."""
        path = f"/v1/health/service/{quote(name, safe='')}"
        wait = self._settings.wait
        where = {"dc": self._settings.datacenter} if self._settings.datacenter else {}
        index, rate = 0, Rate()
        while True:
            await rate.turn()
            since = {"index": str(index), "wait": duration(wait)} if index else {}
            # Consul adds up to a sixteenth by chance, so that not all ask anew at once.
            response = await self._http.poll(path, {**where, **since}, wait * 17 / 16 + 10)
            with reading(f"GET {path}"):
                found = int(response.headers["X-Consul-Index"])
                services = instances(response.json())
            heard(services, found)
            # 0 does not wait; it is for where Consul has begun anew.
            index = 0 if found < index else max(found, 1)

    async def _update(self, id: str, status: str, output: str) -> None:
        check = quote(f"service:{id}", safe="")
        body = {"Status": status, "Output": output}
        await self._http.call("PUT", f"/v1/agent/check/update/{check}", json=body)


class Token(httpx2.Auth):
    """Sends the ACL token with every request; it is in nothing that is ever shown."""

    def __init__(self, settings: ConsulSettings) -> None:
        self._token = settings.token

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add it."""
        if self._token is not None:
            request.headers["X-Consul-Token"] = self._token.get_secret_value()
        yield request


@asynccontextmanager
async def opened(settings: ConsulSettings) -> AsyncIterator[Agent]:
    """The agent of a section, while it is open."""
    async with Http(settings, Token(settings)) as http:
        yield Agent(http, settings)
