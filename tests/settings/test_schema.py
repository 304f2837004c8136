"""The JSON Schema that editors read."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, SecretStr

from marty_chassis.settings import ChassisConfig, config_schema


class Jwt(BaseModel, extra="forbid"):
    jwt_secret: SecretStr
    token_expiry: int = 3600


@dataclass
class Tracing:
    header: str = "X"


def test_it_knows_our_sections_and_says_what_they_are() -> None:
    schema = config_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == list(ChassisConfig.model_fields)
    port = schema["$defs"]["ServiceSettings"]["properties"]["port"]
    assert port["description"] == "the port to listen on; 0 takes a free one"
    assert (port["minimum"], port["maximum"], port["default"]) == (0, 65535, 8000)


def test_a_single_text_may_stand_for_a_list() -> None:
    tags = config_schema()["$defs"]["ServiceSettings"]["properties"]["tags"]

    assert tags["anyOf"] == [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]


def test_a_plugins_section_has_the_plugins_schema() -> None:
    schema = config_schema({"Jwt_Authentication": Jwt, "tracing": Tracing})

    plugins = schema["$defs"]["PluginsSettings"]
    assert plugins["properties"]["jwt-authentication"] == {"$ref": "#/$defs/Jwt"}
    assert plugins["properties"]["tracing"] == {"$ref": "#/$defs/Tracing"}
    assert plugins["additionalProperties"] == {"type": "object"}
    assert schema["$defs"]["Jwt"]["properties"]["token_expiry"]["type"] == "integer"
    assert schema["$defs"]["Jwt"]["properties"]["jwt_secret"]["format"] == "password"


class Unfinished(BaseModel):
    other: Nowhere  # type: ignore[name-defined] # noqa: F821


def test_a_model_without_a_schema_leaves_its_section_open() -> None:
    schema = config_schema({"jwt": Jwt, "unfinished": Unfinished})

    plugins = schema["$defs"]["PluginsSettings"]
    assert plugins["properties"]["jwt"] == {"$ref": "#/$defs/Jwt"}
    assert "unfinished" not in plugins["properties"]


def test_every_reference_leads_somewhere() -> None:
    schema = config_schema({"a": Jwt, "b": Tracing})

    assert references(schema) <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_what_is_reserved_for_later_is_refused() -> None:
    plugins = config_schema()["$defs"]["PluginsSettings"]

    assert plugins["properties"]["status"]["not"] == {}


def test_the_keys_of_a_plugins_settings_are_spelt_as_in_the_file() -> None:
    assert "from" in config_schema()["$defs"]["PluginSettings"]["properties"]


def test_a_plugins_model_may_have_the_name_of_one_of_ours() -> None:
    class PluginsSettings(BaseModel):
        theirs: int

    class ChassisConfig(BaseModel):
        theirs: int

    schema = config_schema({"x": PluginsSettings, "y": ChassisConfig})

    assert references(schema) <= {f"#/$defs/{name}" for name in schema["$defs"]}
    assert "service" in schema["properties"]


def test_a_model_that_holds_itself_is_no_trouble() -> None:
    class Tree(BaseModel):
        children: list[Tree] = []

    schema = config_schema({"tree": Tree})

    assert schema["$defs"]["PluginsSettings"]["properties"]["tree"] == {"$ref": "#/$defs/Tree"}


def references(value: object) -> set[str]:
    """Every `$ref` in a schema."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()
