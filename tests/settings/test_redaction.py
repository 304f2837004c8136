"""Secrets stay where they are."""

from __future__ import annotations

import copy
import json
import logging
import pprint

import pytest
from pydantic import BaseModel, SecretBytes, SecretStr

from marty_chassis.settings import ChassisConfig, Section
from marty_chassis.settings.redaction import looks_secret, redacted, secret_texts

HUSH = "s3cr3t-hush"


def everything_that_shows(config: ChassisConfig) -> dict[str, str]:
    return {
        "repr": repr(config),
        "str": str(config),
        "format": f"{config}",
        "dump": repr(config.model_dump()),
        "json": config.model_dump_json(),
        "show": repr(config.show()),
        "rows": repr(config.show(origin=True)),
        "sections": repr(config.plugins.sections),
        "section": f"{config.plugins.section('x')}",
        "raw": pprint.pformat(config.raw_section("x")),
        "layer": repr(config._layer),
        "private": repr(config.__pydantic_private__),
        "loading": repr(config._loading),
    }


SECRETS = {
    "jwt_secret": HUSH,
    "apiKey": HUSH,
    "API-KEY": HUSH,
    "passwords": [HUSH],
    "credentials": {"user": HUSH},
    "nested": {"list": [{"token": HUSH}]},
    "dsn": f"postgres://user:{HUSH}@host/db",
    "urls": [f"amqp://:{HUSH}@host"],
    "wrapped": SecretStr(HUSH),
    "wrapped_bytes": SecretBytes(HUSH.encode()),
}


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_is_shown_nowhere(key: str) -> None:
    config = ChassisConfig(
        plugins={"x": {key: SECRETS[key]}},
        management={"token": HUSH, "viewer_token": [HUSH]},
        middleware=[{"use": "a:B", "options": {"password": HUSH}}],
    )

    for way, text in everything_that_shows(config).items():
        assert HUSH not in text, way


def test_a_secret_is_where_the_plugin_looks_for_it() -> None:
    config = ChassisConfig(plugins={"x": SECRETS})

    section = config.raw_section("x")

    assert section["jwt_secret"] == HUSH
    assert isinstance(section, dict)
    assert json.loads(json.dumps({"a": section["nested"]})) == {"a": {"list": [{"token": HUSH}]}}


def test_a_section_that_is_handed_out_is_a_copy() -> None:
    config = ChassisConfig(plugins={"x": {"a": {"b": [1]}}})

    handed_out = config.raw_section("x")
    handed_out["a"]["b"].append(2)  # type: ignore[index]

    assert config.plugins.section("x") == {"a": {"b": [1]}}


def test_a_copy_of_a_section_is_as_quiet() -> None:
    section = Section({"password": HUSH, "deep": {"token": HUSH}})

    assert HUSH not in repr(copy.deepcopy(section))
    assert HUSH not in repr(section["deep"])
    assert copy.deepcopy(section) == section


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token_expiry", 3600),
        ("max_tokens", 5.5),
        ("use_password", True),
        ("password", None),
        ("password", ""),
        ("tokens", []),
        ("monkey", "business"),
        ("compass", "north"),
        ("url", "http://host:80/a@b"),
        ("host", "example.org"),
    ],
)
def test_what_is_no_secret_is_shown(key: str, value: object) -> None:
    assert redacted({key: value}) == {key: value}


@pytest.mark.parametrize(
    ("key", "value"), [("password", 1234), ("pinToken", 1), ("x", SecretStr("a")), ("key", ("a",))]
)
def test_what_is_a_secret_is_masked(key: str, value: object) -> None:
    assert redacted({key: value}) == {key: "***"}


def test_names_that_say_that_they_hold_a_secret() -> None:
    secret = ("client_secret", "accessKey", "api-keyring", "db-pwd", "PASS", "pin")
    assert all(looks_secret(key) for key in secret)
    assert not any(looks_secret(key) for key in ("name", "keyboard", "bypass", "pinned", ""))


class Model(BaseModel):
    """A plugin's model, which knows better than the names of the keys."""

    harmless: SecretStr
    several: list[SecretStr] = []
    token_count: int = 1
    password_policy: bool = True
    token_header: str = ""


def test_the_plugins_model_says_what_is_secret() -> None:
    config = ChassisConfig(
        plugins={
            "x": {
                "harmless": HUSH,
                "several": [HUSH],
                "token_count": "5",
                "password_policy": "yes",
                "token_header": "X-Token",
            }
        }
    )

    model = config.plugin_model("x", Model)

    assert model.harmless.get_secret_value() == HUSH
    for way, text in everything_that_shows(config).items():
        if way not in ("raw", "private"):  # a plugin with a model does not ask for it raw
            assert HUSH not in text, way
    assert config.model_dump()["plugins"]["x"] == {
        "harmless": "***",
        "several": "***",
        "token_count": "5",
        "password_policy": "yes",
        "token_header": "***",
    }


def test_what_a_model_keeps_by_the_address_of_a_page_is_as_secret_as_its_type() -> None:
    class ByPath(BaseModel):
        needs: dict[str, list[str]] = {}
        keys: dict[str, SecretStr] = {}

    section = {"needs": {"/tokens": ["read"]}, "keys": {"/pages": HUSH}}
    config = ChassisConfig(plugins={"x": section})

    assert config.plugins.model_dump()["x"]["needs"] == {"/tokens": "***"}
    config.plugin_model("x", ByPath)
    assert config.plugins.model_dump()["x"] == {
        "needs": {"/tokens": ["read"]},
        "keys": "***",
    }


def test_the_texts_that_must_not_be_repeated_are_known() -> None:
    value = {
        "password": [HUSH, 5, None, True, ""],
        "a": {"harmless": HUSH},
        "u": f"x://a:{HUSH}@b",
        "s": SecretStr("x"),
        "b": SecretBytes(b"y"),
        "n": 1,
        "l": ["a"],
    }

    assert list(secret_texts(value)) == [HUSH, "5", f"x://a:{HUSH}@b", "x", "y"]
    assert list(secret_texts(value["a"], Model)) == [HUSH]


def test_a_dump_of_a_part_is_as_quiet() -> None:
    config = ChassisConfig(plugins={"x": {"token": HUSH}, "y": {"token": HUSH}})

    assert config.plugins.model_dump(include={"x"}) == {"x": {"token": "***"}}


def test_debugging_pydantic_settings_shows_no_secret(monkeypatch, caplog) -> None:
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    caplog.set_level(logging.DEBUG)

    ChassisConfig(plugins={"x": {"password": HUSH}}, management={"token": HUSH})

    assert HUSH not in caplog.text
