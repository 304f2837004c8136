"""A service with real plugins, its management API, and clients for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from marty_chassis.boundary import Faults
from marty_chassis.discovery import discover
from marty_chassis.plugins import PluginManager
from marty_chassis.settings import ChassisConfig
from marty_chassis.web.management import Health, Management

from ...logs import logged

OPERATOR = "the-operators-token"
VIEWER = "the-viewers-token"


class Service:
    """Plugins that run, and the management API of them, without an application."""

    def __init__(self, config: ChassisConfig, plugins: tuple[object, ...]) -> None:
        self.config = config
        self.faults = Faults()
        self.manager = PluginManager(config=config, faults=self.faults)
        found = discover(config, plugins=plugins, faults=self.faults, environ={})
        self.manager.adopt(found.candidates)
        self.supervisor = self.manager.supervisor
        self.health = Health(self.manager, self.supervisor, shortest=0.01, pace=0.01)
        self.management = Management(
            self.supervisor, self.manager, bus=self.manager.event_bus, health=self.health
        )

    def client(
        self, token: str | None = OPERATOR, *, app: Any = None, **headers: str
    ) -> httpx2.AsyncClient:
        """A client with a token; its paths are below the prefix."""
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app or self.management),
            base_url=f"http://service{self.management.prefix}",
            headers=headers,
        )

    async def get(self, path: str, token: str | None = OPERATOR, **headers: str) -> httpx2.Response:
        async with self.client(token, **headers) as client:
            return await client.get(path)

    async def post(
        self, path: str, token: str | None = OPERATOR, **headers: str
    ) -> httpx2.Response:
        async with self.client(token, **headers) as client:
            return await client.post(path)


Make = Callable[..., Awaitable[Service]]


@pytest.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Make services with these plugins and these settings, started, and stop them at the end."""
    monkeypatch.chdir(tmp_path)
    async with AsyncExitStack() as stack:

        async def made(*plugins: object, start: bool = True, **settings: Any) -> Service:
            management = {"token": OPERATOR, "viewer_token": VIEWER}
            given = {"management": management, "plugins": {"entry_points": "none"}}
            config = ChassisConfig.load(None, {**given, **settings})
            service = Service(config, plugins)
            await service.management.start()
            stack.push_async_callback(service.management.stop)
            if start:
                await service.manager.start()
                stack.push_async_callback(service.manager.stop)
            return service

        yield made


@pytest.fixture
def log() -> Iterator[list[str]]:
    """The lines that are logged, with what is bound to them."""
    with logged(format="{message} {extra}") as lines:
        yield lines
