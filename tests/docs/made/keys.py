"""The keys of the configuration, made of its models."""

from __future__ import annotations

import inspect
import json
import os
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin
from unittest.mock import patch

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from marty_chassis.contrib.consul import ConsulSettings
from marty_chassis.contrib.custom_metrics import CustomMetricsSettings
from marty_chassis.contrib.etcd import EtcdSettings
from marty_chassis.contrib.jwt_authentication import JwtSettings
from marty_chassis.contrib.request_tracing import RequestTracingSettings
from marty_chassis.contrib.structured_logging import StructuredLoggingSettings
from marty_chassis.settings import ChassisConfig, MiddlewareSettings, PluginSettings
from marty_chassis.settings.shown import plain

EACH = {"middleware": MiddlewareSettings}
"""Models of items of a list."""


def keys() -> str:
    """One table for each section."""
    return "\n\n".join(_sections())


def of_a_plugin() -> str:
    """The keys of `plugins.settings.<name>`."""
    return _table(PluginSettings, "")


def of_jwt_authentication() -> str:
    """The keys of that plugin's own section."""
    return _table(JwtSettings, "")


def of_custom_metrics() -> str:
    """The keys of that plugin's own section."""
    return _table(CustomMetricsSettings, "")


def of_consul() -> str:
    """The keys of that plugin's own section, where Consul's own variables say nothing."""
    own = dict.fromkeys(("CONSUL_HTTP_ADDR", "CONSUL_HTTP_SSL", "CONSUL_HTTP_TOKEN"), "")
    with patch.dict(os.environ, own):
        return _table(ConsulSettings, "")


def of_etcd() -> str:
    """The keys of that plugin's own section."""
    return _table(EtcdSettings, "")


def of_request_tracing() -> str:
    """The keys of that plugin's own section."""
    return _table(RequestTracingSettings, "")


def of_structured_logging() -> str:
    """The keys of that plugin's own section."""
    return _table(StructuredLoggingSettings, "")


def _sections() -> Iterator[str]:
    for name, field in ChassisConfig.model_fields.items():
        kind = EACH.get(name, field.annotation)
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        each = " A list of:" if name in EACH else ""
        said = (inspect.getdoc(kind) or "").partition("\n")[0]
        yield f"### `{name}`\n\n{said}{each}\n\n{_table(kind, '')}"


def _table(model: type[BaseModel], prefix: str) -> str:
    return "\n".join(["| key | default | |", "|---|---|---|", *_rows(model, prefix)])


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        within = [one for one in _kinds(field.annotation) if issubclass(one, BaseModel)]
        if within != [field.annotation]:
            yield f"| `{key}` | {_default(field)} | {field.description}{_choices(field)} |"
        for kind in within:
            yield from _rows(kind, f"{key}.")


def _kinds(annotation: Any) -> list[type]:
    """The classes that a value may be of, at the first level."""
    several = get_origin(annotation) in (Union, types.UnionType)
    found = get_args(annotation) if several else (annotation,)
    return [one for one in found if isinstance(one, type)]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    value = {} if isinstance(default, BaseModel) else plain(default)
    return "-" if value is None else f"`{json.dumps(value)}`"


def _choices(field: FieldInfo) -> str:
    words = list(_literals(field.annotation))
    return f": {', '.join(f'`{word}`' for word in words)}" if words else ""


def _literals(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    elif get_origin(kind) in (Union, types.UnionType):
        for one in get_args(kind):
            yield from _literals(one)
