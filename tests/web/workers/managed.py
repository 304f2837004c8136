"""The management API of one worker of a service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from marty_chassis import ChassisConfig
from marty_chassis.boundary import Faults
from marty_chassis.discovery import discover
from marty_chassis.plugins import PluginManager
from marty_chassis.web.management import Management
from marty_chassis.web.workers import Here, Workers

TOKEN = "a-secret-token"


@asynccontextmanager
async def managed(
    environ: dict[str, str], plugins: Sequence[type] = (), **section: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask it with what this gives; section: what else stands in `plugins`."""
    config = ChassisConfig(management={"token": TOKEN}, plugins={"entry_points": "none", **section})
    manager = PluginManager(config=config, faults=Faults())
    manager.adopt(discover(config, plugins=plugins, faults=manager.faults, environ={}).candidates)
    workers = Workers(Here(manager.supervisor), environ=environ, patience=0.3, pid=11)
    management = Management(manager.supervisor, manager, workers=workers)
    await workers.open("shop", None)
    await manager.start()
    await workers.begin()
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(management),
        base_url=f"http://service{management.prefix}",
        headers={"authorization": f"Bearer {TOKEN}"},
    ) as client:
        yield client
    await workers.close()
    await manager.stop()
