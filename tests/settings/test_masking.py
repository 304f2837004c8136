"""Secrets that somebody repeats, in the words of an error."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, SecretStr

from marty_chassis.settings import ChassisConfig
from marty_chassis.settings.masking import Mask


@pytest.fixture
def config() -> ChassisConfig:
    return ChassisConfig(
        management={"token": ["token-one"], "viewer_token": "token-two"},
        middleware=[{"use": "a:B", "options": {"secret_key": "sessions"}}],
        plugins={
            "mailer": {
                "password": 'quote"and\nline',
                "dsn": "smtp://me:mailword@host",
                "pin_token": 123456,
                "plain": "harmless",
            }
        },
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no token-one here", "no *** here"),
        ("token-two", "***"),
        ("key 'sessions' is weak", "key '***' is weak"),
        ('login with quote"and\nline failed', "login with *** failed"),
        ('login with quote"and\\nline failed', "login with *** failed"),
        ("smtp://me:mailword@host refused", "*** refused"),
        ("mailword refused", "*** refused"),
        ("pin 123456?", "pin ***?"),
        ("harmless", "harmless"),
        ("", ""),
    ],
)
def test_what_is_secret_in_the_configuration_is_masked_in_words(
    config: ChassisConfig, said: str, shown: str
) -> None:
    assert config.masked(said) == shown


def test_a_model_says_what_else_is_secret(config: ChassisConfig) -> None:
    class Section(BaseModel):
        plain: SecretStr

        model_config = {"extra": "ignore"}

    assert config.masked("harmless") == "harmless"
    config.plugin_model("mailer", Section)

    assert config.masked("harmless") == "***"


def test_a_longer_secret_wins_and_a_short_one_is_no_word() -> None:
    mask = Mask(["abcd", "abcdef", "xyz", ""])

    assert mask("abcdef abcd xyz") == "*** *** xyz"
    assert repr(mask) == "<Mask>"
    assert Mask([])("abcd") == "abcd"
