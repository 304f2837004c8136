"""When the registry is spoken to about services of this process."""

from __future__ import annotations

import anyio
import pytest
from loguru import logger

from marty_chassis.contrib.registry import Away, Refused
from marty_chassis.contrib.registry.keeping import Keeper
from marty_chassis.contrib.registry.link import Link
from marty_hookspecs import ServiceInfo

from .fake import Fake


class House:
    """A keeper whose pauses last until the test has looked."""

    def __init__(self) -> None:
        self.services: dict[str, ServiceInfo] = {}
        self.fake = Fake()
        self.watching = False
        self.link = Link("fake", logger)
        self.keeper = Keeper(
            self.fake,
            self.link,
            lambda: [{**service} for service in self.services.values()],
            logger,
            ttl=30,
            tags=("eu",),
            watching=lambda: self.watching,
        )

    def register(self, id: str, **more: object) -> None:
        self.services[id] = {"name": "shop", "id": id, "address": "10.0.0.1", **more}  # type: ignore[typeddict-item]

    async def round(self) -> list[str]:
        """What is asked in one round."""
        self.fake.calls.clear()
        await self.keeper._round()
        return sorted(self.fake.calls)


@pytest.fixture
async def house() -> House:
    return House()


async def test_a_round_announces_what_is_new_refreshes_what_is_known_and_withdraws_the_rest(
    house: House,
) -> None:
    house.register("a")
    rounds = [await house.round(), await house.round()]
    house.register("b")
    rounds.append(await house.round())
    house.register("a", tags=["blue"])
    del house.services["b"]
    rounds.append(await house.round())
    house.fake.known.clear()
    rounds.append(await house.round())

    assert rounds == [
        ["announce a"],
        ["refresh a"],
        ["announce b", "refresh a"],
        ["announce a", "withdraw b"],
        ["announce a", "refresh a"],
    ]


async def test_what_was_not_answered_may_be_there_and_is_withdrawn(house: House) -> None:
    house.register("a")
    house.fake.trouble = Away("no answer")
    await house.round()
    house.fake.trouble = None
    house.services.clear()

    assert await house.round() == ["withdraw a"]
    assert await house.round() == []


async def test_what_was_refused_is_not_there_and_is_not_withdrawn(house: House) -> None:
    house.register("a")
    house.fake.trouble = Refused("no")
    await house.round()
    house.fake.trouble = None
    await house.keeper.leave("a", 1)
    house.services.clear()

    assert await house.round() == []


async def test_a_service_that_leaves_is_not_announced_again_until_it_comes_again(
    house: House,
) -> None:
    house.register("a")
    await house.round()

    await house.keeper.leave("a", 1)
    while_it_leaves = await house.round()
    house.keeper.came("a")
    again = await house.round()

    assert while_it_leaves == []
    assert again == ["announce a"]


async def test_with_nothing_to_refresh_the_registry_is_asked_for_an_answer_if_that_matters(
    house: House,
) -> None:
    nobody_looks = await house.round()
    house.watching = True
    somebody_looks = await house.round()
    house.fake.trouble = Away("no answer")
    await house.round()
    away = house.link.is_away
    house.fake.trouble = None
    house.register("a")
    something_to_do = await house.round()

    assert (nobody_looks, somebody_looks, something_to_do) == ([], ["ping"], ["announce a"])
    assert (away, house.link.is_away) == (True, False)


async def test_heartbeats_come_every_third_of_the_ttl_more_or_less_and_failures_are_followed_up(
    house: House, monkeypatch
) -> None:
    pauses: list[float] = []
    move_on_after = anyio.move_on_after

    def pause(seconds: float) -> anyio.CancelScope:
        pauses.append(seconds)
        if len(pauses) == 50:
            house.fake.trouble = Away("no answer")
        if len(pauses) == 100:
            running.cancel_scope.cancel()
        return move_on_after(0)

    monkeypatch.setattr(anyio, "move_on_after", pause)
    house.register("a")
    async with anyio.create_task_group() as running:
        running.start_soon(house.keeper.run)

    well, away = pauses[:50], pauses[50:]
    assert all(9 <= seconds <= 11 for seconds in well)
    assert len(set(well)) > 40
    assert all(0.25 <= seconds <= 0.5 for seconds in away[:1])
    assert all(seconds <= 10 for seconds in away)
    assert max(away) > 5


async def test_who_registers_does_not_wait_and_the_next_round_comes_at_once(house: House) -> None:
    async with anyio.create_task_group() as running:
        running.start_soon(house.keeper.run)
        await anyio.wait_all_tasks_blocked()
        house.register("a")
        house.keeper.came("a")
        await anyio.wait_all_tasks_blocked()
        running.cancel_scope.cancel()

    assert house.fake.calls == ["announce a"]
    assert repr(house.keeper) == "<Keeper at fake: a>"
