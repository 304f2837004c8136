"""A plugin's section, checked by the plugin's own model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from marty_chassis.errors import InvalidConfiguration
from marty_chassis.settings import ChassisConfig


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool = True


class Jwt(BaseModel, extra="forbid"):
    jwt_secret: str
    token_expiry: int = 60
    audiences: list[str] = []
    note: str = ""
    exact: StrictBool = False
    level: Literal[1, 2] = 1
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    camel: int = Field(0, alias="camelCase")
    choice: int = Field(0, validation_alias=AliasChoices("one", "other"))


FILE = """\
plugins:
  jwt-authentication:
    jwt_secret: "your-secret-key"
    token_expiry: 3600
"""


def test_the_section_comes_as_the_plugins_model(load) -> None:
    model = load(FILE).plugin_model("JWT_authentication", Jwt)

    assert model == Jwt(jwt_secret="your-secret-key", token_expiry=3600)


def test_variables_fill_it_by_its_types(load, monkeypatch) -> None:
    variables = {
        "TOKEN_EXPIRY": "12",
        "AUDIENCES": '["a", "b"]',
        "NOTE": '["a"]',
        "EXACT": "true",
        "LEVEL": "2",
        "PET": '{"kind": "cat", "lives": 9}',
        "CAMELCASE": "5",
        "OTHER": "6",
        "SECRET_ALIAS": "7",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"MARTY_PLUGINS__JWT_AUTHENTICATION__{name}", value)
    monkeypatch.delenv("MARTY_PLUGINS__JWT_AUTHENTICATION__SECRET_ALIAS")
    monkeypatch.setenv("JWT_SECRET", "not ours")

    model = load(FILE).plugin_model("jwt-authentication", Jwt)

    assert (model.jwt_secret, model.token_expiry) == ("your-secret-key", 12)
    assert (model.audiences, model.note) == (["a", "b"], '["a"]')
    assert (model.exact, model.level) == (True, 2)
    assert model.pet == Cat(kind="cat", lives=9)
    assert (model.camel, model.choice) == (5, 6)


def test_each_mistake_has_its_place(load, monkeypatch) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__JWT_AUTHENTICATION__LEVEL", "nine")
    config = load(
        """\
        plugins:
          jwt-authentication:
            token_expiry: soon
            audience: [a]
            pet: {kind: cat, lives: many}
            audiences: [a, {}]
        """
    )

    with pytest.raises(InvalidConfiguration) as raised:
        config.plugin_model("jwt-authentication", Jwt)

    assert str(raised.value) == (
        "the configuration cannot be used, 6 problems:\n"
        "  config.yaml:2:3 plugins.jwt-authentication.jwt_secret: missing, and there is no"
        " default.\n"
        "  config.yaml:3:19 plugins.jwt-authentication.token_expiry: Input should be a valid"
        " integer, unable to parse string as an integer.\n"
        "  config.yaml:4:5 plugins.jwt-authentication.audience: an unknown key."
        " Did you mean 'audiences'?\n"
        "  config.yaml:5:29 plugins.jwt-authentication.pet.lives: Input should be a valid integer,"
        " unable to parse string as an integer.\n"
        "  config.yaml:6:20 plugins.jwt-authentication.audiences.1: Input should be a valid"
        " string.\n"
        "  env:MARTY_PLUGINS__JWT_AUTHENTICATION__LEVEL plugins.jwt-authentication.level: Input"
        " should be 1 or 2."
    )


def test_a_plugin_without_a_section_gets_its_defaults_or_is_told_what_is_missing() -> None:
    assert ChassisConfig().plugin_model("other", Dataclass) == Dataclass()

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig().plugin_model("other", Jwt)

    assert str(raised.value).endswith(
        "  plugins.other.jwt_secret: missing, and there is no default."
    )


class Strict(BaseModel):
    password: str
    dsn: str = ""

    @field_validator("password")
    @classmethod
    def long_enough(cls, value: str) -> str:
        if len(value) < 3:
            raise ValueError(f"{value!r} is too short")
        if value == "custom":
            raise PydanticCustomError("custom", "not {value}", {"value": value})
        if value == "changeme":
            raise ValueError("choose another word")
        return value


@pytest.mark.parametrize("value", ["ab", "custom"])
def test_words_of_a_validator_that_repeat_a_secret_are_withheld(value: str) -> None:
    config = ChassisConfig(plugins={"x": {"password": value}})

    with pytest.raises(InvalidConfiguration) as raised:
        config.plugin_model("x", Strict)

    assert str(raised.value).endswith(
        "argument plugins.x.password: refused, in words that are withheld because they repeat a"
        " secret."
    )
    assert raised.value.__context__ is None


def test_words_of_a_validator_that_repeat_no_secret_are_shown() -> None:
    config = ChassisConfig(plugins={"x": {"password": "changeme"}})

    with pytest.raises(InvalidConfiguration, match=r"plugins.x.password: choose another word"):
        config.plugin_model("x", Strict)


@dataclass
class Dataclass:
    number: int = 1
    names: list[str] = field(default_factory=list)


class Typed(TypedDict, total=False):
    number: int
    deep: dict[str, Dataclass]


def test_a_model_may_be_a_dataclass_or_a_typed_dictionary(monkeypatch) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__X__NUMBER", "5")
    monkeypatch.setenv("MARTY_PLUGINS__X__NAMES", '["a"]')
    monkeypatch.setenv("MARTY_PLUGINS__Y__DEEP__ONE__NUMBER", "6")

    config = ChassisConfig()

    assert config.plugin_model("x", Dataclass) == Dataclass(5, ["a"])
    assert config.plugin_model("y", Typed) == {"deep": {"one": Dataclass(6)}}


def test_a_key_with_a_hyphen_is_reached_by_a_variable(monkeypatch) -> None:
    class Hyphens(BaseModel):
        model_config = ConfigDict(validate_by_name=True)
        log_level: str = Field("", alias="Log-Level")

    monkeypatch.setenv("MARTY_PLUGINS__X__LOG_LEVEL", "debug")

    assert ChassisConfig().plugin_model("x", Hyphens).log_level == "debug"


def test_objects_in_arguments_reach_the_model_as_they_are() -> None:
    class Anything(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        client: object

    client = object()

    assert (
        ChassisConfig(plugins={"x": {"client": client}}).plugin_model("x", Anything).client
        is client
    )


def test_without_a_model_texts_that_look_like_more_are_warnings(load, monkeypatch) -> None:
    for name, value in {"FLAG": "false", "LIST": "[1]", "N": "1e3", "WORD": "hello"}.items():
        monkeypatch.setenv(f"MARTY_PLUGINS__X__{name}", value)
    config = load("plugins: {x: {other: 'true'}}\n")
    assert config.warnings == ()

    config.raw_section("x")
    section = config.raw_section("x")

    assert section == {"other": "true", "flag": "false", "list": "[1]", "n": "1e3", "word": "hello"}
    assert [warning.path for warning in config.warnings] == [
        "plugins.x.flag",
        "plugins.x.list",
        "plugins.x.n",
    ]
    assert str(config.warnings[0]) == (
        "env:MARTY_PLUGINS__X__FLAG plugins.x.flag: arrives as text, though it looks like a number,"
        " a boolean or a list. Give the plugin a config_schema, or write the value in the file."
    )


def test_a_model_may_look_at_the_whole_configuration(load) -> None:
    class Keyed(BaseModel):
        key: str = ""

        @field_validator("key")
        @classmethod
        def _is_long(cls, value: str, info: ValidationInfo) -> str:
            assert isinstance(info.context, ChassisConfig)
            if info.context.service.environment == "production" and len(value) < 8:
                raise ValueError("too short for production")
            return value

    file = "plugins:\n  x:\n    key: abc\n"

    with pytest.raises(InvalidConfiguration, match=r"config\.yaml:3:10 .* too short"):
        load(file).plugin_model("x", Keyed)
    allowed = load(f"{file}service: {{environment: development}}\n")
    assert allowed.plugin_model("x", Keyed).key == "abc"
