"""Heartbeats are no lines in the log of the service; what others ask with httpx2 is."""

from __future__ import annotations

import logging

import anyio
import httpx2

from ..registries import until


async def test_no_heartbeat_and_no_watch_is_logged_and_other_requests_are(
    registry, shop, caplog
) -> None:
    caplog.set_level(logging.INFO, logger="httpx2")
    async with shop(ttl=1, wait=0.1) as host:
        await host.context.service_registry.discover({"name": "db"})
        await until(lambda: host.plugin.keeper.held)
        await anyio.sleep(0.5)  # In which a heartbeat and some questions come and go.
        ours = list(caplog.messages)
        async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
            await client.get(registry.url)

    assert ours == []
    assert f"GET {registry.url}" in caplog.messages[-1]
    assert logging.getLogger("httpx2").filters == []
