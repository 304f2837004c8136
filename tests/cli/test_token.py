"""The token of whoever starts a service: made here, shown to people, not to files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from marty_chassis.cli import token as module
from marty_chassis.cli.token import VARIABLE, OperatorToken, hand_over
from marty_chassis.settings import ChassisConfig


@pytest.fixture(autouse=True)
def nothing_is_left(here: Path) -> Iterator[None]:
    """The environment of this process is as it was."""
    yield
    os.environ.pop(VARIABLE, None)


@pytest.mark.parametrize(
    ("terminal", "asked", "shown"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_it_is_shown_on_a_terminal_or_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, asked: bool, shown: bool
) -> None:
    monkeypatch.setattr(module, "interactive", lambda: terminal)

    made = hand_over(ChassisConfig(), show=asked)

    assert made.text is not None
    assert (made.text in made.header) is shown
    assert bool(made.remark) is not shown
    assert made.text not in repr(made)


def test_the_service_finds_it_in_its_environment() -> None:
    made = hand_over(ChassisConfig(), show=False)

    (token,) = ChassisConfig().management.token
    assert token.get_secret_value() == made.text == os.environ[VARIABLE]


def test_one_that_is_configured_is_kept_to_itself() -> None:
    made = hand_over(ChassisConfig(management={"token": "configured"}), show=True)

    assert made == OperatorToken(None, shown=False)
    assert made.header == '-H "Authorization: Bearer $MARTY_MANAGEMENT__TOKEN"'
    assert VARIABLE not in os.environ


def test_each_run_has_its_own() -> None:
    first = hand_over(ChassisConfig(), show=False)
    del os.environ[VARIABLE]

    assert hand_over(ChassisConfig(), show=False) != first
