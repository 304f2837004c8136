"""What a service's description and a query must look like; everything that is wrong, at once."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from marty_chassis.errors import InvalidService, did_you_mean
from marty_hookspecs import ServiceInfo, ServiceQuery

PASSING = "passing"
CRITICAL = "critical"
STATUSES = (PASSING, "warning", CRITICAL, "unknown")

Check = tuple[Callable[[Any], bool], str]


def checked_service(found: object, where: str, *, id_needed: bool = False) -> ServiceInfo:
    """Give a copy of a description with an id, a status, tags and meta, or raise `InvalidService`.

    where: whose description it is, for the error. An id that is missing is made, unless
    `id_needed`. Keys that the contract does not know are kept.
    """
    if not isinstance(found, Mapping):
        raise InvalidService(where, [f"it is {type(found).__name__}, not a mapping of its keys"])
    info = dict(found)
    for key in ("address", "port", "zone"):
        if info.get(key, "") is None:
            del info[key]
    needed = ("name", "id") if id_needed else ("name",)
    problems = [f"{key!r} is missing" for key in needed if key not in info]
    problems += _problems(info, _SERVICE)
    if problems:
        raise InvalidService(where, problems)
    whole: dict[str, Any] = copy.deepcopy(dict(found))
    whole.setdefault("id", f"{info['name']}-{uuid.uuid4().hex[:12]}")
    whole.setdefault("status", PASSING)
    whole["tags"] = list(whole.get("tags", ()))
    whole["meta"] = dict(whole.get("meta", ()))
    return cast(ServiceInfo, whole)


def checked_query(found: ServiceQuery | None) -> ServiceQuery:
    """Give a copy of a query that makes sense, or raise `InvalidService`."""
    where = "the query for services"
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        hint = "it is {}, not a mapping: {{'name': 'billing', 'tags': ['blue']}}"
        raise InvalidService(where, [hint.format(type(found).__name__)])
    query = dict(found)
    problems = [
        f"{key!r} is no key of a query.{did_you_mean(str(key), tuple(_QUERY))}"
        f" It has {', '.join(_QUERY)}"
        for key in query
        if key not in _QUERY
    ]
    problems += _problems(query, _QUERY)
    if problems:
        raise InvalidService(where, problems)
    return cast(ServiceQuery, copy.deepcopy(query))


def _problems(found: Mapping[str, Any], checks: Mapping[str, Check]) -> list[str]:
    return [
        f"{key!r} is {found[key]!r}, not {wanted}"
        for key, (fits, wanted) in checks.items()
        if key in found and not fits(found[key])
    ]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and _is_sound(value)


def _is_sound(text: str) -> bool:
    """Whether others can be told it: JSON from a client may hold halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_tags(value: object) -> bool:
    return (
        isinstance(value, Collection)
        and not isinstance(value, str | bytes | Mapping)
        and all(map(_is_text, value))
    )


def _is_meta(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(word, str) for pair in value.items() for word in pair
    )


def _is_count(value: object, least: int, most: float = float("inf")) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


_TEXT: Check = (_is_text, "a text that is not empty")
_TAGS: Check = (_is_tags, "a list of texts")
_YES_OR_NO: Check = (lambda value: isinstance(value, bool), "True or False")

_SERVICE: Mapping[str, Check] = {
    "name": _TEXT,
    "id": _TEXT,
    "address": (_is_text, "a host name or an IP address, or None while it is unknown"),
    "port": (lambda value: _is_count(value, 1, 65535), "a whole number from 1 to 65535, or None"),
    "scheme": _TEXT,
    "version": (lambda value: isinstance(value, str), "a text"),
    "tags": _TAGS,
    "meta": (_is_meta, "a mapping of texts to texts"),
    "status": (lambda value: value in STATUSES, f"one of {', '.join(STATUSES)}"),
    "weight": (lambda value: _is_count(value, 0), "a whole number, 0 or more"),
    "zone": _TEXT,
    "stale": _YES_OR_NO,
}

_QUERY: Mapping[str, Check] = {
    "name": _TEXT,
    "tags": _TAGS,
    "passing": _YES_OR_NO,
    "zone": _TEXT,
    "limit": (lambda value: _is_count(value, 1), "a whole number, 1 or more"),
}
