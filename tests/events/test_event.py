"""The envelope: CloudEvents' attributes, there and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.errors import InvalidEvent
from marty_chassis.events import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CORE = {"specversion", "id", "type", "source", "time", "data"}
EXTENSIONS = st.dictionaries(
    st.from_regex(r"[a-z0-9]{1,10}", fullmatch=True).filter(lambda name: name not in CORE),
    st.text() | st.integers() | st.booleans(),
    max_size=3,
)


@given(data=JSON, extensions=EXTENSIONS, time=st.datetimes(timezones=st.just(UTC)))
def test_an_event_comes_back_from_json_as_it_went(
    data: Any, extensions: dict[str, Any], time: datetime
) -> None:
    event = Event(type="user.login", source="auth", data=data, time=time, extensions=extensions)

    back = Event.from_dict(json.loads(json.dumps(event.to_dict())))

    assert back == event
    assert hash(back) == hash(event)


def test_an_event_says_who_what_and_when_in_the_words_of_cloudevents() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)

    event = Event(
        type="user.login",
        source="auth",
        data={"name": "ann"},
        id="1",
        time=noon,
        extensions={"traceparent": "00-ab-cd-01"},
    )

    assert event.to_dict() == {
        "specversion": "1.0",
        "id": "1",
        "type": "user.login",
        "source": "auth",
        "time": "2026-01-31T12:00:00+00:00",
        "traceparent": "00-ab-cd-01",
        "data": {"name": "ann"},
    }


def test_every_event_has_an_id_of_its_own_and_the_time_of_now() -> None:
    before = datetime.now(UTC)

    one, other = Event(type="a", source="b"), Event(type="a", source="b")

    assert one.id != other.id
    assert one != other
    assert before <= one.time <= other.time


def test_an_event_keeps_its_own_copy_of_the_extensions() -> None:
    extensions = {"subject": "ann"}
    event = Event(type="a", source="b", extensions=extensions)

    extensions["subject"] = "bob"

    assert event.extensions == {"subject": "ann"}


def test_an_event_without_a_time_happened_when_it_was_read() -> None:
    before = datetime.now(UTC)

    event = Event.from_dict({"type": "a", "source": "b", "id": "1", "subject": None})

    assert event.time >= before
    assert event.extensions == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"specversion": "0.3"}, "the specversion '0.3' cannot be used. Only '1.0' is read."),
        ({"type": None}, "the event type None cannot be used."),
        ({"type": "a b"}, "the event type 'a b' cannot be used."),
        ({"source": ""}, "the source '' cannot be used. It must be a text that is not empty."),
        ({"id": 7}, "the id 7 cannot be used."),
        ({"time": "noon"}, "the time 'noon' cannot be used. It must be as RFC 3339 has it"),
        ({"time": "2026-01-31T12:00:00"}, "It must be as RFC 3339 has it"),
        ({"time": 12}, "the time 12 cannot be used."),
        ({"TraceParent": "x"}, "the extension attribute 'TraceParent' cannot be used. Its name"),
        ({"size": 1.5}, "the extension attribute 'size' = 1.5 cannot be used."),
    ],
)
def test_what_is_no_event_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    document = {"type": "a", "source": "b", "id": "1"} | change

    with pytest.raises(InvalidEvent) as raised:
        Event.from_dict(document)

    assert words in str(raised.value)


@pytest.mark.parametrize("name", ["id", "data", "", "with-hyphen", "Upper", "ä"])
def test_an_extension_may_not_take_the_place_of_an_attribute(name: str) -> None:
    with pytest.raises(InvalidEvent, match="extension attribute"):
        Event(type="a", source="b", extensions={name: "x"})


def test_a_value_that_goes_on_for_ever_is_shown_shortened() -> None:
    with pytest.raises(InvalidEvent) as raised:
        Event.from_dict({"type": " " * 10_000, "source": "b", "id": "1"})

    assert len(str(raised.value)) < 300
