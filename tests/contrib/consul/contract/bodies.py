"""Reading what is to be registered, and saying what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import Any

from .durations import seconds
from .state import Row

STATUSES = ("passing", "warning", "critical")
_META_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Bad(Exception):
    """A request that is refused."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


def read_service(body: bytes) -> tuple[Row, list[Row]]:
    """Give a service and its checks."""
    given = _keys(_decoded(body))
    name = given.get("name", "")
    if not name:
        raise Bad("Missing service name")
    address = given.get("address") or ""
    if address in ("0.0.0.0", "::", "[::]"):
        raise Bad("Invalid service address")
    meta = given.get("meta") or {}
    _refuse_meta(meta)
    weights = _keys(given.get("weights") or {})
    passing = weights.get("passing", 1)
    if passing < 1:
        raise Bad("Invalid Weights: Passing must be greater than 0")
    id = given.get("id") or name
    service = {
        "ID": id,
        "Service": name,
        "Tags": list(given.get("tags") or []),
        "Meta": meta,
        "Address": address,
        "Port": given.get("port") or 0,
        "Weights": {"Passing": passing, "Warning": weights.get("warning", 1)},
        "EnableTagOverride": bool(given.get("enabletagoverride")),
        "TaggedAddresses": given.get("taggedaddresses") or {},
    }
    wanted = [*([given["check"]] if given.get("check") else []), *(given.get("checks") or [])]
    checks = []
    for number, one in enumerate(map(_keys, wanted), start=1):
        made = f"service:{id}" if len(wanted) == 1 else f"service:{id}:{number}"
        one = {"name": f"Service '{name}' check", **one}
        one["checkid"] = one.get("checkid") or one.get("id") or made
        checks.append(_check(one))
    return service, checks


def read_check(body: bytes) -> Row:
    """Give one check."""
    given = _keys(_decoded(body))
    if not given.get("name"):
        raise Bad("Missing check name")
    if given.get("status") and given["status"] not in STATUSES:
        raise Bad("Bad check status")
    given["checkid"] = given.get("id") or given.get("checkid") or given["name"]
    return {**_check(given), "ServiceID": given.get("serviceid") or ""}


def _check(given: Row) -> Row:
    if given.get("status") and given["status"] not in STATUSES:
        raise Bad("Status for checks must 'passing', 'warning', 'critical'")
    try:
        ttl = seconds(given.get("ttl") or 0)
        interval = seconds(given.get("interval") or 0)
        reap = seconds(given.get("deregistercriticalserviceafter") or 0)
    except ValueError as error:
        raise Bad(f"Request decode failed: {error}") from None
    if ttl and interval:
        raise Bad("Invalid check: Interval and TTL cannot both be specified")
    if not interval and ttl <= 0:
        raise Bad("Invalid check: TTL must be > 0 for TTL checks")
    return {
        "CheckID": given["checkid"],
        "Name": given["name"],
        "Status": given.get("status") or "",
        "Notes": given.get("notes") or "",
        "ttl": ttl,
        "reap": reap,
    }


def _decoded(body: bytes) -> Row:
    if not body.strip():
        raise Bad("Request decode failed: EOF")
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Bad(f"Request decode failed: {error}") from None
    if not isinstance(found, dict):
        raise Bad("Request decode failed: json: cannot unmarshal into Go value")
    return found


def _keys(given: dict[str, Any]) -> Row:
    """The same with keys that do not say how they were written: CamelCase or snake_case."""
    return {key.replace("_", "").lower(): value for key, value in given.items()}


def _refuse_meta(meta: dict[str, Any]) -> None:
    if len(meta) > 64:
        raise Bad("Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs")
    for key, value in meta.items():
        if not _META_KEY.fullmatch(key):
            raise Bad(f"Invalid Service Meta: Couldn't load metadata pair ('{key}', '{value}')")
        if not isinstance(value, str):
            raise Bad("Request decode failed: 1 error(s) decoding: expected type 'string'")
        if len(value) > 512:
            raise Bad(f"Invalid Service Meta: Value is too long (limit: 512 characters) ({key})")
