"""The section `plugins: {consul: ...}`."""

from __future__ import annotations

import os
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from marty_chassis.contrib.registry.settings import RegistrySettings, Url


def _address() -> str:
    address = os.environ.get("CONSUL_HTTP_ADDR") or "127.0.0.1:8500"
    tls = os.environ.get("CONSUL_HTTP_SSL", "").lower() in ("1", "t", "true")
    return address if "://" in address or not tls else f"https://{address}"


def _token() -> SecretStr | None:
    token = os.environ.get("CONSUL_HTTP_TOKEN")
    return SecretStr(token) if token else None


class ConsulSettings(RegistrySettings):
    """How services are kept in Consul, and how others are looked for there."""

    address: Url = Field(default_factory=_address, validate_default=True)
    """where the agent is; CONSUL_HTTP_ADDR, or else http://127.0.0.1:8500"""
    token: SecretStr | None = Field(default_factory=_token)
    """the ACL token; CONSUL_HTTP_TOKEN where it is not given"""
    datacenter: Annotated[str, StringConstraints(min_length=1)] | None = None
    """where other services are looked for; the agent's own datacenter where it is not given"""
    deregister_after: float = Field(default=600.0, ge=60)
    """seconds after which Consul drops a service that counts as dead; Consul's least is a minute"""
