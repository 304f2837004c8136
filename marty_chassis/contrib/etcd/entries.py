"""How a service is written in etcd: its key, and its value."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from urllib.parse import quote

from pydantic import ValidationError

from marty_chassis.contrib.registry import Instance
from marty_hookspecs import ServiceInfo

KEPT = tuple(Instance.model_fields)
"""What of a service is written; keys of a plugin's own are not, as they may hold anything."""


def folder(prefix: str, name: str) -> str:
    """What the keys of all instances of a service begin with; names and ids may hold slashes."""
    return f"{prefix}/{quote(name, safe='')}/"


def key_of(prefix: str, service: ServiceInfo) -> str:
    """The key of one instance."""
    return folder(prefix, service.get("name", "")) + quote(service.get("id", ""), safe="")


def value_of(service: ServiceInfo) -> str:
    """The value of one instance."""
    kept = {key: value for key, value in service.items() if key in KEPT and value is not None}
    return json.dumps(kept, sort_keys=True)


def service_of(name: str, value: str) -> ServiceInfo:
    """Read an encoded value; raises `ValueError` for what is no instance of this service."""
    try:
        service = Instance.model_validate_json(b64decode(value)).service()
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ValueError("; ".join(problems)) from None
    if service.get("name") != name:
        raise ValueError(f"it is an instance of {service.get('name')!r}")
    return service


def encoded(text: str) -> str:
    """A key or a value as the gateway wants it."""
    return b64encode(text.encode()).decode()


def end_of(text: str) -> str:
    """The encoded first key that does not begin with this text."""
    # The last character of a folder is a slash, and none is above the last code point.
    return encoded(text[:-1] + chr(ord(text[-1]) + 1))
