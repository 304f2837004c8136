"""The breaker: when it lets a call through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.boundary import Breaker, BreakerState


class Clock:
    """A clock that is moved by hand, and counts how often it was read."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reads = 0

    def __call__(self) -> float:
        self.reads += 1
        return self.now


def opened(clock: Clock) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(threshold=2, cooldown=30, clock=clock)
    breaker.failed()
    breaker.failed()
    return breaker


def test_it_opens_after_five_faults_in_a_row() -> None:
    breaker = Breaker(clock=Clock())

    answers = []
    for _ in range(6):
        answers.append(breaker.allows())
        breaker.failed()

    assert answers == [True] * 5 + [False]
    assert breaker.state is BreakerState.OPEN


def test_a_success_between_faults_starts_the_count_anew() -> None:
    breaker = Breaker(clock=Clock())

    for _ in range(4):
        breaker.failed()
    breaker.succeeded()
    for _ in range(4):
        breaker.failed()

    assert breaker.allows()
    assert breaker.faults == 4
    assert repr(breaker) == "<Breaker closed after 4 faults>"


def test_after_the_cooldown_one_call_goes_through() -> None:
    clock = Clock()
    breaker = opened(clock)

    clock.now = 29.9
    assert not breaker.allows()
    clock.now = 30.0
    assert [breaker.allows(), breaker.allows(), breaker.allows()] == [True, False, False]
    assert breaker.state is BreakerState.HALF_OPEN


def test_a_trial_that_goes_well_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 30.0
    breaker.allows()

    breaker.succeeded()

    assert breaker.state is BreakerState.CLOSED
    assert breaker.faults == 0


def test_a_trial_that_fails_opens_it_for_another_cooldown() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 30.0
    breaker.allows()

    clock.now = 40.0
    breaker.failed()

    assert breaker.state is BreakerState.OPEN
    clock.now = 69.0
    assert not breaker.allows()
    clock.now = 70.0
    assert breaker.allows()


def test_a_trial_that_never_tells_is_followed_by_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 30.0
    breaker.allows()

    clock.now = 60.0

    assert breaker.allows()
    assert not breaker.allows()


def test_calls_from_before_it_opened_change_nothing() -> None:
    clock = Clock()
    breaker = opened(clock)

    clock.now = 20.0
    breaker.succeeded()
    breaker.failed()

    assert breaker.state is BreakerState.OPEN
    clock.now = 30.0
    assert breaker.allows()


def test_while_it_is_closed_no_clock_is_read() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)

    for _ in range(10):
        breaker.allows()
        breaker.succeeded()
        breaker.failed()

    assert clock.reads == 0


def test_a_threshold_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="threshold of 1 or more faults, not 0"):
        Breaker(threshold=0)


steps = st.lists(
    st.one_of(
        st.just("works"),
        st.just("fails"),
        st.just("is cancelled"),
        st.floats(min_value=0, max_value=40),
    ),
    max_size=60,
)


@given(steps, st.integers(1, 4))
def test_the_law(steps: list[str | float], threshold: int) -> None:
    """Calls one after another: refused exactly from the threshold on, but for one a cooldown."""
    clock = Clock()
    breaker = Breaker(threshold=threshold, cooldown=30, clock=clock)
    in_a_row = 0
    last = 0.0  # when the last fault or trial was

    for step in steps:
        if isinstance(step, float):
            clock.now += step
            continue
        expected = in_a_row < threshold or clock.now - last >= 30
        assert breaker.allows() is expected
        if not expected:
            continue
        if in_a_row >= threshold:
            last = clock.now
        if step == "works":
            breaker.succeeded()
            in_a_row = 0
        elif step == "fails":
            breaker.failed()
            in_a_row += 1
            last = clock.now

    assert breaker.faults == in_a_row
    assert (breaker.state is BreakerState.CLOSED) is (in_a_row < threshold)
