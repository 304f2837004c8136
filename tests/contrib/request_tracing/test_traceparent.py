"""`traceparent`, read as strictly as the W3C asks for and written as version 00."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.contrib.request_tracing.traceparent import Traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{PARENT}-01"


def read(value: str) -> Traceparent | None:
    return Traceparent.read(value.encode("latin-1"))


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (GOOD, 1),
        (f"00-{TRACE}-{PARENT}-00", 0),
        (f"00-{TRACE}-{PARENT}-03", 3),
        (f"00-{TRACE}-{PARENT}-ff", 3),  # what version 00 does not know is not passed on
        (f"cc-{TRACE}-{PARENT}-01", 1),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", 1),
    ],
)
def test_a_trace_is_read(value: str, flags: int) -> None:
    assert read(value) == Traceparent(TRACE, PARENT, flags)


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"ff-{TRACE}-{PARENT}-01",  # forbidden
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        GOOD.upper(),
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"{GOOD}-more",  # version 00 ends there
        f"{GOOD}-",
        f"cc-{TRACE}-{PARENT}-01more",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE[1:]}-{PARENT}-01",
        f"00-{TRACE}x-{PARENT}-01",
        f"0-{TRACE}-{PARENT}-01",
        f"00_{TRACE}_{PARENT}_01",
        f" {GOOD}",
        f"{GOOD}\n",
        f"{GOOD},{GOOD}",
        f"00-{TRACE[:-1]}g-{PARENT}-01",
        f"00-{TRACE[:-1]}\xb2-{PARENT}-01",
    ],
)
def test_what_must_be_ignored_is(value: str) -> None:
    assert read(value) is None


def test_a_trace_goes_on_with_us_as_the_sender() -> None:
    ours = Traceparent(TRACE, PARENT, 0).continued()

    assert (ours.trace_id, ours.flags) == (TRACE, 0)
    assert ours.parent_id != PARENT
    assert Traceparent.read(ours.header()[1]) == ours


def test_a_trace_that_begins_here_is_sampled_and_random() -> None:
    one, other = Traceparent.begun(), Traceparent.begun()

    assert one.flags == 3
    assert one.trace_id != other.trace_id
    assert Traceparent.read(one.header()[1]) == one


@given(st.binary(max_size=80) | st.text("0123456789abcdef-", max_size=80).map(str.encode))
def test_whatever_is_read_can_be_written_and_read_again(value: bytes) -> None:
    found = Traceparent.read(value)

    assert found is None or Traceparent.read(found.header()[1]) == found
