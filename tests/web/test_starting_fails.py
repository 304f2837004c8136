"""A chassis whose start fails after its plugins have started leaves nothing running."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from marty_chassis import Chassis
from marty_chassis.errors import ForeignService
from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.settings import ChassisConfig

from ..logs import logged

LOG: list[str] = []


@plugin("first", "1.0")
class First(IPlugin):
    """Takes the name that the service wants for itself."""

    async def start(self) -> None:
        LOG.append("started")
        self.context.tasks.start(self.work)
        await self.context.service_registry.register({"name": "other", "id": "shop-1"})

    async def work(self) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            LOG.append("work ended")

    async def stop(self) -> None:
        LOG.append("stopped")


def chassis(**service: Any) -> Chassis:
    LOG.clear()
    settings = {"name": "shop", **service}
    return Chassis(
        ChassisConfig(service=settings, plugins={"entry_points": "none"}), plugins=[First]
    )


async def test_a_service_that_cannot_register_itself_stops_its_plugins() -> None:
    shop = chassis(instance_id="shop-1")

    with logged(level="ERROR") as errors, pytest.raises(ForeignService):
        async with shop:
            raise AssertionError("it has started")

    assert errors == []
    assert LOG == ["started", "stopped", "work ended"]
    assert shop.pending() == {}
    assert not shop.plugin_manager.supervisor.running


async def test_a_step_of_the_stop_that_fails_keeps_none_of_the_others_from_being_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = chassis()

    async def fail() -> None:
        raise OSError("the registry is away")

    with pytest.raises(OSError, match="registry is away"):
        async with shop:
            monkeypatch.setattr(shop._presence, "leave", fail)

    assert LOG == ["started", "stopped", "work ended"]
    assert not shop.plugin_manager.supervisor.running


async def test_a_lifespan_that_fails_beside_one_that_runs_stops_no_plugin() -> None:
    shop = chassis()
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with shop:
        await shop.wrap(application)({"type": "lifespan"}, receive, send)

        assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
        assert LOG == ["started"]
