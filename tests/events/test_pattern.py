"""Patterns: against a matcher that is too simple to be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.errors import InvalidEvent
from marty_chassis.events import Pattern
from marty_chassis.events.pattern import checked_type

WORDS = st.sampled_from(["user", "login", "a", "user+", "ü", "$"])
TYPES = st.lists(WORDS, min_size=1, max_size=4)
PATTERNS = st.builds(
    lambda words, rest: [*words, *rest],
    st.lists(WORDS | st.just("*"), min_size=1, max_size=3),
    st.sampled_from([[], ["**"]]),
)


def naive(pattern: list[str], type: list[str]) -> bool:
    if pattern in (["*"], ["**"]):
        return True
    if pattern[-1] == "**":
        rest = len(pattern) - 1
        return len(type) > rest and naive_words(pattern[:-1], type[:rest])
    return len(pattern) == len(type) and naive_words(pattern, type)


def naive_words(pattern: list[str], type: list[str]) -> bool:
    return all(word in ("*", found) for word, found in zip(pattern, type, strict=True))


@given(pattern=PATTERNS | st.just(["**"]), type=TYPES)
def test_a_pattern_matches_what_a_naive_matcher_matches(
    pattern: list[str], type: list[str]
) -> None:
    assert Pattern(".".join(pattern)).matches(".".join(type)) == naive(pattern, type)


@given(type=TYPES)
def test_a_type_matches_itself_and_is_exact(type: list[str]) -> None:
    pattern = Pattern(".".join(type))

    assert pattern.exact
    assert pattern.matches(checked_type(".".join(type)))


@pytest.mark.parametrize(
    ("pattern", "wanted", "unwanted"),
    [
        ("user.login", ["user.login"], ["user.login.ok", "user", "userxlogin"]),
        ("user.*", ["user.login", "user.logout"], ["user", "user.login.ok", "users.login"]),
        ("user.**", ["user.login", "user.login.ok"], ["user", "users.login"]),
        ("*.login", ["user.login"], ["login", "a.user.login"]),
        ("*", ["started", "user.login", "a.b.c"], []),
        ("**", ["started", "user.login", "a.b.c"], []),
    ],
)
def test_patterns_mean_what_the_documentation_says(
    pattern: str, wanted: list[str], unwanted: list[str]
) -> None:
    assert [type for type in [*wanted, *unwanted] if Pattern(pattern).matches(type)] == wanted


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "log*", "**.a", "a.**.b", "***", "a b", "a\n", "a.>", 7]
)
def test_what_is_no_pattern_is_refused_with_examples_of_good_ones(text: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        Pattern(text)

    assert f"the pattern {text!r} cannot be used" in str(raised.value)
    assert "'user.login', 'user.*', 'user.**'" in str(raised.value)


def test_a_pattern_shows_itself() -> None:
    assert repr(Pattern("user.*")) == "<Pattern user.*>"
