"""Following plugins: between start and stop, and in another event loop than before."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.plugins import IHealthPlugin, plugin
from marty_chassis.settings import ChassisConfig

from .conftest import OPERATOR, Make, Service


@plugin(name="database")
class Database(IHealthPlugin):
    def __init__(self) -> None:
        self.asked = 0

    async def check_health(self) -> bool:
        self.asked += 1
        return True


async def eventually_asked(database: Database, times: int) -> None:
    # A plugin that has just started is asked within a second; the machine may be busy.
    with anyio.fail_after(5):
        while database.asked < times:
            await anyio.sleep(0.005)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_in_another_event_loop_it_begins_anew(backend: str) -> None:
    settings = {"plugins": {"entry_points": "none"}}
    database = Database()
    service = Service(ChassisConfig.load(None, settings), (database,))

    async def lives() -> None:
        # As a test client without `with` does: it starts, and nobody stops it.
        before = database.asked
        await service.management.start()
        await service.manager.start()
        await eventually_asked(database, before + 1)

    for _ in range(2):
        anyio.run(lives, backend=backend)

    assert database.asked >= 2


async def test_a_task_that_dies_is_not_silent(
    make: Make, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    service = await make()

    async def dies() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(service.health, "run", dies)
    await service.management.start()
    await anyio.wait_all_tasks_blocked()

    assert "health of plugins: nobody is asked any more" in "".join(log)
    assert "ZeroDivisionError" in "".join(log)


async def test_tokens_that_plugins_bring_are_taken(make: Make) -> None:
    service = await make()
    before = await service.get("/plugins/status", "from-the-vault")

    config = ChassisConfig.load(None, {"management": {"token": [OPERATOR, "from-the-vault"]}})
    service.supervisor.config = config
    after = await service.get("/plugins/status", "from-the-vault")

    assert (before.status_code, after.status_code) == (401, 200)


def test_the_parts_say_what_they_are() -> None:
    service = Service(ChassisConfig.load(None, {"management": {"token": OPERATOR}}), ())
    management = service.management

    assert repr(management._running) == "<Running nothing>"
    assert repr(management._front._tokens) == "<Tokens: 1 configured>"
    assert OPERATOR not in repr(vars(management._front._tokens))
