"""The section `plugins: {consul: ...}`."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic_core import PydanticCustomError

from marty_chassis.contrib.registry.settings import RegistrySettings, Url


class Variable(str):
    """What is in one of Consul's own variables; what is wrong with it is not the file's fault."""

    name: str

    @classmethod
    def of(cls, name: str, text: str) -> Variable:
        """Note which one it is."""
        variable = cls(text)
        variable.name = name
        return variable


def _address() -> str:
    address = os.environ.get("CONSUL_HTTP_ADDR") or "127.0.0.1:8500"
    tls = os.environ.get("CONSUL_HTTP_SSL", "").lower() in ("1", "t", "true")
    address = address if "://" in address or not tls else f"https://{address}"
    return Variable.of("CONSUL_HTTP_ADDR", address)


# Any, as it becomes a SecretStr when it is checked.
def _token() -> Any:
    token = os.environ.get("CONSUL_HTTP_TOKEN")
    return Variable.of("CONSUL_HTTP_TOKEN", token) if token else None


def _sendable(value: SecretStr) -> SecretStr:
    # A file with a secret often ends with a line break.
    text = value.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable():
        raise PydanticCustomError("token", "must be printable ASCII characters, and not empty")
    return SecretStr(text)


class ConsulSettings(RegistrySettings):
    """How services are kept in Consul, and how others are looked for there."""

    address: Url = Field(default_factory=_address, validate_default=True)
    """where the agent is; CONSUL_HTTP_ADDR, or else http://127.0.0.1:8500"""
    token: Annotated[SecretStr, AfterValidator(_sendable)] | None = Field(
        default_factory=_token, validate_default=True
    )
    """the ACL token; CONSUL_HTTP_TOKEN where it is not given"""
    datacenter: Annotated[str, StringConstraints(min_length=1)] | None = None
    """where other services are looked for; the agent's own datacenter where it is not given"""
    deregister_after: float = Field(default=600.0, ge=60)
    """seconds after which Consul drops a service that counts as dead; Consul's least is a minute"""

    @field_validator("address", "token", mode="wrap")
    @classmethod
    def _variables_are_named(cls, value: object, check: ValidatorFunctionWrapHandler) -> object:
        try:
            return check(value)
        except ValidationError as error:
            if not isinstance(value, Variable):
                raise
            words = {"name": value.name, "why": error.errors()[0]["msg"]}
        raise PydanticCustomError("variable", "the variable {name} {why}", words)
