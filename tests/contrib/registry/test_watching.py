"""How long a service is watched, and what is made of what is heard of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import anyio
import pytest
from loguru import logger

from marty_chassis.contrib.registry import Away
from marty_chassis.contrib.registry import watching as module
from marty_chassis.contrib.registry.link import Link
from marty_chassis.contrib.registry.watching import Known, Watches
from marty_hookspecs import ServiceInfo

from .fake import Fake


class House:
    """Watches that run in a group of the test's."""

    def __init__(self, running: anyio.abc.TaskGroup) -> None:
        self.fake = Fake()
        self.link = Link("fake", logger)
        self.watches = Watches(
            self.fake,
            self.link,
            lambda watch: running.start_soon(watch.run),
            patience=0.05,
            idle=1000,
            grace=1000,
        )

    async def ask(self, name: str = "db") -> dict[str, bool]:
        return {one["id"]: one["stale"] for one in await self.watches.ask(name)}

    async def hear(self, *ids: str, mark: int = 1) -> None:
        """Have the registry tell of these."""
        await anyio.wait_all_tasks_blocked()
        self.fake.ears["db"]([instance(id) for id in ids], mark)


def instance(id: str) -> ServiceInfo:
    return {"name": "db", "id": id}


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with anyio.create_task_group() as running:
        yield House(running)
        running.cancel_scope.cancel()


async def test_only_the_first_who_asks_waits_and_not_for_long(house: House) -> None:
    first = await house.ask()
    await house.hear("db-1")

    assert first == {}
    assert await house.ask() == {"db-1": False}
    assert house.fake.calls == ["follow db"]


async def test_nobody_waits_for_a_registry_that_is_known_to_be_away(house: House) -> None:
    house.watches._patience = 1000
    house.link.failed("shop-1", Away("no answer"), lambda: None)

    with anyio.fail_after(2):
        assert await house.ask() == {}


async def test_a_failure_is_an_answer_too(house: House) -> None:
    house.watches._patience = 1000
    house.fake.trouble = Away("no answer")

    with anyio.fail_after(2):
        assert await house.ask() == {}
    assert house.link.troubles == {"watching db": "no answer"}


async def test_what_is_known_is_stale_while_anything_goes_unanswered(house: House) -> None:
    await house.ask()
    await house.hear("db-1")
    house.link.failed("shop-1", Away("no answer"), lambda: None)
    away = await house.ask()
    house.link.worked("shop-1")

    assert away == {"db-1": True}
    assert await house.ask() == {"db-1": False}


async def test_a_registry_that_has_forgotten_is_not_believed_for_a_while(
    house: House, monkeypatch
) -> None:
    await house.ask()
    await house.hear("db-1", "db-2", "db-3", mark=70)
    await house.hear(mark=3)
    everything = await house.ask()
    await house.hear("db-1", "db-2", mark=5)
    two = await house.ask()
    await house.hear("db-2", mark=6)
    left = await house.ask()
    now = anyio.current_time()
    monkeypatch.setattr(anyio, "current_time", lambda: now + 1001)
    later = await house.ask()

    assert everything == {"db-1": True, "db-2": True, "db-3": True}
    assert two == {"db-1": False, "db-2": False, "db-3": True}
    assert left == {"db-2": False, "db-3": True}
    assert later == {"db-2": False}


async def test_what_another_run_has_heard_is_known_from_the_start(house: House) -> None:
    watch = house.watches.begin("db", Known([instance("db-1")], mark=70, fresh=False))
    before = await house.ask()
    await house.hear("db-1", "db-2", mark=71)

    assert before == {"db-1": True}
    assert await house.ask() == {"db-1": False, "db-2": False}
    assert house.watches.known()["db"].mark == 71
    assert repr(watch) == "<Watch of db, fresh>"
    assert repr(house.watches) == "<Watches of db>"


async def test_of_too_many_the_one_that_nobody_has_asked_for_longest_ends(
    house: House, monkeypatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    clock = Ticking(anyio.current_time)
    monkeypatch.setattr(anyio, "current_time", clock)
    for name in ("a", "b", "a", "c"):
        await house.ask(name)

    assert {watch.name for watch in house.watches} == {"a", "c"}


class Ticking:
    """A clock that never shows the same twice."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asked = 0

    def __call__(self) -> float:
        self._asked += 1
        return self._clock() + self._asked / 1000
