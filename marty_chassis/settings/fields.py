"""Kinds of values that several sections have."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SecretStr,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from marty_chassis.errors import InvalidPluginName
from marty_chassis.settings.names import RESERVED, canonical

__all__ = [
    "Address",
    "Level",
    "Listed",
    "PluginName",
    "Seconds",
    "SettingsModel",
    "Target",
    "Token",
]


class SettingsModel(BaseModel):
    """A section: no unknown keys, never changed once it is there."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


def _as_list(value: object) -> object:
    # A text that begins a JSON list is one: the sources that hold text alone decode it next.
    if isinstance(value, str):
        return value if value.lstrip().startswith("[") else [value]
    # What is no item either is refused as one.
    return [value] if isinstance(value, int | float | date) else value


def _level(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _plugin_name(value: str) -> str:
    try:
        name = canonical(value)
    except InvalidPluginName as error:
        raise PydanticCustomError("plugin_name", "{why}", {"why": str(error).rstrip(".")}) from None
    if name in RESERVED:
        raise PydanticCustomError("plugin_name", "a reserved word, which no plugin may be called")
    return name


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    bare = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host.replace(":", "/")
    if not bare or set(bare) & set("/[] ") or not port.isdecimal() or int(port) > 65535:
        raise PydanticCustomError("address", "must be host:port, as in 127.0.0.1:9001")
    return value


def _target(value: str) -> str:
    module, _, name = value.partition(":")
    if not all(word.isidentifier() for word in (*module.split("."), *name.split("."))):
        raise PydanticCustomError(
            "target", "must be module:name, as in starlette.middleware.gzip:GZipMiddleware"
        )
    return value


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise PydanticCustomError(
            "token", "a token must be printable ASCII characters without spaces, and not empty"
        )
    return value


class _OneOrList:
    """Tells the JSON Schema that one item may stand for a list of one."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema)
        return {"anyOf": [found, found["items"]]}


Item = TypeVar("Item")
#: A list; a single text stands for a list of one.
Listed = Annotated[list[Item], BeforeValidator(_as_list), _OneOrList()]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PluginName = Annotated[str, AfterValidator(_plugin_name)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Level = Annotated[
    Literal["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(_level),
]
#: `host:port`, an IPv6 host in brackets.
Address = Annotated[str, AfterValidator(_address)]
#: Where something is in Python, `module:name`.
Target = Annotated[str, AfterValidator(_target)]
