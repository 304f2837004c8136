"""What the contract server does in time, and what it loses: its state, with a clock that is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .contract.bodies import read_service
from .contract.durations import seconds
from .contract.state import State


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    return State(clock=clock)


def register(state: State, **check: str) -> None:
    body = json.dumps({"Name": "shop", "Check": {"TTL": "10s", "Status": "passing", **check}})
    state.register(*read_service(body.encode()), replace=False)


def test_a_ttl_runs_out_and_a_heartbeat_begins_it_anew(state, clock) -> None:
    register(state)
    seen = []

    for clock.now, beats in ((1009.0, True), (1018.0, False), (1019.1, False)):
        state.pass_time()
        seen.append(state.health("shop"))
        if beats:
            state.update("service:shop", "passing", "well")

    assert seen == ["passing", "passing", "critical"]
    words = "TTL expired (last output before timeout follows): well"
    assert state.checks["service:shop"]["Output"] == words


@pytest.mark.parametrize(("after", "gone"), [("5s", 1100.0), ("100s", 1150.0)])
def test_a_service_that_is_dead_for_long_is_dropped_but_not_within_a_minute(
    state, clock, after, gone
) -> None:
    register(state, DeregisterCriticalServiceAfter=after)
    seen = {}

    for clock.now in (1011.0, 1050.0, 1070.0, 1100.0, 1120.0, 1150.0):
        state.pass_time()
        seen[clock.now] = "shop" in state.services

    assert {at for at, there in seen.items() if not there} == {at for at in seen if at >= gone}


def test_every_change_and_nothing_else_makes_the_index_grow(state) -> None:
    register(state)
    index = state.index

    state.update("service:shop", "passing", "")
    state.pass_time()
    same = state.index
    state.update("service:shop", "warning", "")

    assert (same, state.index) == (index, index + 1)


def test_a_state_survives_in_its_file_and_begins_anew_without(tmp_path: Path, clock) -> None:
    data = tmp_path / "state.json"
    state = State(data=data, clock=clock)
    register(state)

    kept, anew = State(data=data, clock=clock), State(data=tmp_path / "none.json", clock=clock)

    assert (kept.index, list(kept.services)) == (state.index, ["shop"])
    assert (anew.index < state.index, list(anew.services)) == (True, [])


@pytest.mark.parametrize(
    ("text", "wanted"), [("10s", 10), ("1m30s", 90), ("200ms", 0.2), ("1.5h", 5400), ("0", 0)]
)
def test_durations_are_go_s(text, wanted) -> None:
    assert seconds(text) == pytest.approx(wanted)


@pytest.mark.parametrize("text", ["5", "s", "10 s", "1x", ""])
def test_what_is_no_duration_is_refused(text) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        seconds(text)
