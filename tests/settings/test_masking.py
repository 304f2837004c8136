"""Secrets that somebody repeats, in the words of an error."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel, SecretStr

from marty_chassis.settings import ChassisConfig
from marty_chassis.settings.masking import Mask


class Account(BaseModel):
    secret: SecretStr = SecretStr("hush-hush")
    token_header: str = "x-token"


@dataclass
class Accounts:
    known: dict[str, list[Account]] = field(default_factory=lambda: {"a": [Account()]})


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


def test_a_secret_may_be_a_default_and_a_plain_default_is_none(config: ChassisConfig) -> None:
    config.plugin_model("other", Accounts)

    assert config.masked("hush-hush in x-token") == "*** in x-token"
    assert config.reread().masked("hush-hush") == "***"


def test_a_secret_is_masked_without_the_end_of_its_line_too() -> None:
    mask = Mask(["abcdef\n"])

    assert mask("abcdef: abcdef\n, b'abcdef\\n'") == "***: ***, b'***'"


def test_a_longer_secret_wins_and_a_short_one_is_no_word() -> None:
    mask = Mask(["abcd", "abcdef", "xyz", ""])

    assert mask("abcdef abcd xyz") == "*** *** xyz"
    assert repr(mask) == "<Mask>"
    assert Mask([])("abcd") == "abcd"
