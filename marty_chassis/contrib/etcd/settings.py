"""The section `plugins: {etcd: ...}`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from marty_chassis.contrib.registry.settings import RegistrySettings, Url


def _prefix(value: str) -> str:
    value = value.rstrip("/")
    if not value:
        raise PydanticCustomError("prefix", "must hold more than slashes")
    if not value.startswith("/"):
        raise PydanticCustomError("prefix", "must begin with a slash, as in /marty/services")
    return value


class EtcdSettings(RegistrySettings):
    """How services are kept in etcd, and how others are looked for there."""

    address: Url = "http://127.0.0.1:2379"
    """where a member is, or what stands before several of them"""
    prefix: Annotated[str, AfterValidator(_prefix)] = "/marty/services"
    """what the keys begin with; the rest is `/<name>/<id>`"""
    ttl: float = Field(default=30.0, ge=1, le=86400)
    """seconds without a heartbeat after which the lease of a service ends, in whole ones"""
    username: str | None = None
    """who this service is, where etcd wants to know"""
    password: SecretStr | None = None
    """what proves it"""

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise PydanticCustomError("login", "username and password are needed together")
        return self
