"""How long is waited until something is tried again."""

from __future__ import annotations

import anyio

from marty_chassis.contrib.registry.pauses import Pauses
from marty_chassis.contrib.registry.rate import Rate


def test_pauses_double_up_to_a_limit_and_differ_by_chance() -> None:
    pauses = Pauses(longest=10)

    found = [pauses.next() for _ in range(2000)]

    for number, longest in enumerate([0.5, 1, 2, 4, 8, 10, 10]):
        assert longest / 2 <= found[number] <= longest
    assert all(5 <= pause <= 10 for pause in found[5:])
    assert len(set(found)) > 1000
    pauses.reset()
    assert pauses.next() <= 0.5
    assert repr(pauses) == "<Pauses up to 10 s, 1 tries>"


async def test_two_may_ask_at_once_and_then_one_at_a_time(monkeypatch) -> None:
    now, slept = 100.0, []

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))

    monkeypatch.setattr(anyio, "current_time", lambda: now)
    monkeypatch.setattr(anyio, "sleep", sleep)
    rate = Rate(burst=2, every=0.5)

    for _ in range(4):
        await rate.turn()
    now += 10
    for _ in range(3):
        await rate.turn()

    assert slept == [0.5, 1.0, 0.5]
    assert repr(rate) == "<Rate of one every 0.5 s, 2 at once>"
