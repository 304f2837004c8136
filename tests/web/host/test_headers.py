"""Headers that are written once behave as Starlette's, for whatever is done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import MutableHeaders

from marty_chassis.web.headers import CombinedHeaders

NAMES = st.sampled_from(["a", "A", "b", "X-c", "x-C", "set-cookie"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=5)
Deed = Callable[[Any], object]

DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.builds(lambda n, v: lambda h: h.__setitem__(n, v), NAMES, VALUES),
    st.builds(lambda n: lambda h: h.__delitem__(n), NAMES),
    st.builds(lambda n, v: lambda h: h.append(n, v), NAMES, VALUES),
    st.builds(lambda n, v: lambda h: h.setdefault(n, v), NAMES, VALUES),
    st.builds(lambda n, v: lambda h: h.update({n: v}), NAMES, VALUES),
    st.builds(lambda n: lambda h: h.get(n), NAMES),
    st.builds(lambda n: lambda h: n in h, NAMES),
    st.builds(lambda n: lambda h: h.getlist(n), NAMES),
    st.just(lambda h: h.items()),
    st.just(lambda h: len(h)),
    st.just(lambda h: list(h)),
)


@given(given_pairs=st.lists(st.tuples(NAMES, VALUES)), deeds=st.lists(DEEDS, max_size=12))
def test_they_are_starlettes(given_pairs: list[tuple[str, str]], deeds: list[Deed]) -> None:
    raw = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in given_pairs]
    lowered = [(name.lower(), value) for name, value in raw]
    ours, theirs = CombinedHeaders(raw), MutableHeaders(raw=list(lowered))
    before = list(raw)

    answers = [(deed(ours), deed(theirs)) for deed in deeds]

    assert all(mine == its for mine, its in answers)
    assert ours.raw == theirs.raw
    assert raw == before, "what was given is never changed"


@given(given_pairs=st.lists(st.tuples(NAMES, VALUES)), name=NAMES, value=VALUES)
def test_what_is_set_is_the_only_one_of_its_name(
    given_pairs: list[tuple[str, str]], name: str, value: str
) -> None:
    headers = CombinedHeaders([(n.encode(), v.encode("latin-1")) for n, v in given_pairs])

    headers[name] = value

    assert headers.getlist(name) == [value]


def test_nothing_is_changed_until_something_is() -> None:
    headers = CombinedHeaders([(b"a", b"1")])

    assert headers["A"] == "1"
    assert "b" not in headers
    assert headers.rewritten() is None

    headers["b"] = "2"

    assert headers.rewritten() == [(b"a", b"1"), (b"b", b"2")]


def test_headers_that_can_be_read_once_are_read_once() -> None:
    headers = CombinedHeaders(iter([(b"a", b"1"), (b"b", b"2")]))

    assert headers["b"] == "2"
    assert headers["a"] == "1"
    assert headers.raw == [(b"a", b"1"), (b"b", b"2")]


def test_they_are_a_mutable_mapping() -> None:
    headers = CombinedHeaders([(b"a", b"1"), (b"b", b"2")])

    assert headers.pop("a") == "1"
    assert headers.pop("a", None) is None
    headers.clear()
    assert len(headers) == 0
    assert not headers.__contains__(5)
