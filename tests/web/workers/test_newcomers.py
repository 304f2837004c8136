"""A worker that is born later stands as the others do."""

from __future__ import annotations

import anyio

from marty_chassis.web.workers import Standing

from .conftest import Employ

STANDS = {
    "mailer": Standing(generation=5, sha256="5" * 64),
    "letters": Standing(generation=2, disabled=True),
}


async def test_a_worker_born_later_is_told_how_the_others_stand(employ: Employ) -> None:
    one, two = await employ(11), await employ(12)
    one.hand.plugins = two.hand.plugins = STANDS
    await one.order()

    three = await employ(13)

    assert three.hand.came_up == [STANDS]
    assert three.hand.caught_up == [STANDS]
    assert three.number == 1


async def test_the_one_that_has_heard_most_is_believed(employ: Employ) -> None:
    one = await employ(11)
    for _ in range(3):
        await one.order()
    two = await employ(12)
    two._orders.number = 1
    one.hand.plugins, two.hand.plugins = STANDS, {"mailer": Standing(generation=1)}

    three = await employ(13)

    assert three.hand.came_up == [STANDS]


async def test_those_that_start_together_have_nothing_to_say(employ: Employ) -> None:
    one = await employ(11, begin=False)
    one.hand.plugins = STANDS

    two = await employ(12)

    assert two.hand.came_up == [{}]


async def test_a_state_of_many_plugins_comes_in_parts(employ: Employ) -> None:
    one = await employ(11)
    many = {f"plugin-{number}": Standing(generation=1, sha256="a" * 64) for number in range(1500)}
    one.hand.plugins = many

    two = await employ(12)

    assert two.hand.came_up == [many]


async def test_who_has_missed_an_order_asks_how_the_others_stand(employ: Employ) -> None:
    one, two = await employ(11), await employ(12)
    one.hand.plugins = STANDS
    one._orders.number = 7

    await one.order()

    assert two.number == 8
    with anyio.fail_after(5):
        while len(two.hand.caught_up) < 2:
            await anyio.sleep(0.01)
    assert two.hand.caught_up == [{}, STANDS]


async def test_a_worker_that_was_closed_may_come_back(employ: Employ) -> None:
    one, two = await employ(11), await employ(12)
    one.hand.plugins = STANDS

    await two.close()
    alone = len(await one.order())
    await two.open("shop", None)
    await two.begin()

    assert alone == 1
    assert two.hand.came_up[-1] == STANDS
    assert len(await two.order()) == 2
