"""One spelling for each plugin's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.errors import ConfigurationError, InvalidPluginName
from marty_chassis.settings.names import LATER, RESERVED, canonical, folded

plugin_names = st.from_regex(r"[A-Za-z0-9]([-_.]?[A-Za-z0-9]){0,20}", fullmatch=True)


@pytest.mark.parametrize(
    "name", ["jwt-authentication", "jwt_authentication", "JWT_Authentication", "jwt.authentication"]
)
def test_spellings_of_one_name_are_one_name(name: str) -> None:
    assert canonical(name) == "jwt-authentication"


@given(plugin_names)
def test_folding_twice_is_folding_once(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)


@given(plugin_names)
def test_a_name_survives_the_name_of_a_variable(name: str) -> None:
    variable = canonical(name).replace("-", "_").upper()

    assert "__" not in variable
    assert canonical(variable) == canonical(name)


@pytest.mark.parametrize(
    "name", ["a__b", "", "-a", "a_", "a/b", "a b", "plügin", "a\n", "..", "a,b"]
)
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidPluginName) as raised:
        canonical(name)

    assert raised.value.name == name
    assert isinstance(raised.value, ConfigurationError)


def test_the_message_says_what_a_name_may_be() -> None:
    assert str(InvalidPluginName("a__b")) == (
        "'a__b' cannot be a plugin's name. Use letters, digits and single hyphens, underscores or"
        " dots between them; two underscores separate keys in the names of environment variables."
    )


def test_the_reserved_words_are_these() -> None:
    assert sorted(RESERVED) == [
        "directories",
        "disabled",
        "entry_points",
        "events",
        "isolation",
        "metrics",
        "reload",
        "required",
        "settings",
        "signing",
        "status",
        "strict",
        "ui",
    ]
    assert LATER < RESERVED


def test_keys_fold_even_if_they_are_no_names() -> None:
    assert folded("X__Forwarded.For") == "x-forwarded-for"
