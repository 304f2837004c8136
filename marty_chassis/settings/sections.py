"""The sections of the configuration, but for `plugins`; the defaults are here and nowhere else."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from marty_chassis.settings.fields import (
    Address,
    Level,
    Listed,
    Seconds,
    SettingsModel,
    Target,
    Token,
)
from marty_chassis.settings.redaction import redacted

__all__ = [
    "EventSettings",
    "LifecycleSettings",
    "LoggingSettings",
    "ManagementSettings",
    "MiddlewareSettings",
    "ServiceSettings",
]


class ServiceSettings(SettingsModel):
    """Who this service is, and how others reach it."""

    name: str = Field(default="marty-service", min_length=1)
    """what the service is called in the registry, in logs and in metrics"""
    version: str = "0.0.0"
    """the version of the service, not of the chassis"""
    environment: Literal["production", "development"] = "production"
    """where it runs; development forgives what is dangerous elsewhere, and `marty dev` sets it"""
    host: str = Field(default="127.0.0.1", min_length=1)
    """the address to listen on"""
    port: int = Field(default=8000, ge=0, le=65535)
    """the port to listen on; 0 takes a free one"""
    advertise: str | None = None
    """the address that others use, where it is not host and port"""
    instance_id: str | None = None
    """what tells this instance from the others; made up where it is not given"""
    tags: Listed[str] = Field(default_factory=list)
    """words to find the service by"""
    heartbeat: Seconds = 10.0
    """seconds between two signs of life to the registry"""
    ttl: Seconds = 30.0
    """seconds without a sign of life after which the registry forgets the instance"""

    @model_validator(mode="after")
    def _heartbeats_fit(self) -> Self:
        if self.ttl <= self.heartbeat:
            raise PydanticCustomError(
                "ttl", "ttl must be longer than heartbeat, or the registry forgets the service"
            )
        return self


class MiddlewareSettings(SettingsModel):
    """One existing ASGI middleware, made a plugin."""

    use: Target
    """where the class is, as in `starlette.middleware.gzip:GZipMiddleware`"""
    options: dict[str, Any] = Field(default_factory=dict)
    """the keyword arguments it is made with"""
    name: str | None = None
    """what the plugin is called; the name of the class where it is not given"""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return [("use", self.use), ("options", redacted(self.options)), ("name", self.name)]

    @model_serializer(mode="wrap")
    def _without_secrets(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {key: redacted(v) if key == "options" else v for key, v in data.items()}


def _prefix(value: str) -> str:
    if value and not value.startswith("/"):
        raise PydanticCustomError("prefix", "must begin with a slash, or be empty")
    return value.rstrip("/")


class ManagementSettings(SettingsModel):
    """The addresses that show and move plugins."""

    enabled: bool = True
    """whether there are any"""
    prefix: Annotated[str, AfterValidator(_prefix)] = "/-/marty"
    """what their paths begin with"""
    token: Listed[Token] = Field(default_factory=list)
    """bearer tokens that may do everything; several, so that one can replace another"""
    viewer_token: Listed[Token] = Field(default_factory=list)
    """bearer tokens that may look"""
    listen: Address | None = None
    """`host:port` of a port of their own"""


class LifecycleSettings(SettingsModel):
    """How long a plugin may take."""

    initialize_timeout: Seconds = 30.0
    """seconds to initialize"""
    start_timeout: Seconds = 30.0
    """seconds to start"""
    stop_timeout: Seconds = 10.0
    """seconds to stop"""
    shutdown_timeout: Seconds = 30.0
    """seconds for all plugins together at the end"""
    retry_initial: Seconds = 1.0
    """seconds until the first new try of a plugin that was not ready"""
    retry_max: Seconds = 60.0
    """seconds between two tries, at most"""

    @model_validator(mode="after")
    def _retries_fit(self) -> Self:
        if self.retry_max < self.retry_initial:
            raise PydanticCustomError("retry", "retry_max must not be less than retry_initial")
        return self


class EventSettings(SettingsModel):
    """The event bus."""

    mailbox: int = Field(default=1000, ge=1)
    """events that may wait for one subscriber"""
    publish_timeout: Seconds = 5.0
    """seconds that a publisher waits for room in a mailbox"""


class LoggingSettings(SettingsModel):
    """The log of the chassis."""

    level: Level = "INFO"
    """the least level that is logged"""
