"""What is said of a registry that does not answer, and to whom."""

from __future__ import annotations

import pytest
from loguru import logger

from marty_chassis.contrib.registry import Away, Refused
from marty_chassis.contrib.registry.link import Link


@pytest.fixture
def link() -> Link:
    return Link("consul", logger)


def nobody() -> None:
    """Nobody waits."""


def test_a_registry_that_is_away_is_spoken_of_once_whatever_is_tried(link, log) -> None:
    for what in ("shop-1", "watching db", "shop-1", "shop-1"):
        link.failed(what, Away(f"no {what}"), nobody)
    link.worked("shop-1")
    away = link.is_away
    link.worked("watching db")
    link.worked("shop-1")

    assert log == ["consul is away, and is tried again: no shop-1", "consul is back"]
    assert (away, link.is_away) == (True, False)
    assert link.failures == 4


def test_what_is_refused_is_spoken_of_whenever_it_is_something_else(link, log) -> None:
    for words in ("no", "no", "never", "never"):
        link.failed("shop-1", Refused(words), nobody)

    assert log == ["consul refuses shop-1: no", "consul refuses shop-1: never"]
    assert not link.is_away
    assert link.troubles == {"shop-1": "never"}


def test_whoever_gets_an_answer_wakes_those_who_wait_for_one(link) -> None:
    woken: list[str] = []
    link.failed("shop-1", Away(""), lambda: woken.append("shop-1"))
    link.failed("shop-2", Refused(""), lambda: woken.append("shop-2"))
    link.failed("watching db", Away(""), lambda: woken.append("db"))

    link.worked("watching db")
    link.worked("watching db")

    assert woken == ["shop-1"]


def test_what_is_not_tried_any_more_is_no_trouble(link) -> None:
    link.failed("watching db", Away("gone"), nobody)

    link.forget("watching db")
    link.forget("watching db")

    assert (link.is_away, link.troubles) == (False, {})
    assert repr(link) == "<Link to consul: here>"
