"""Putting together what the registry has and what the plugins know, less what is not wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marty_chassis.errors import InvalidService
from marty_hookspecs import ServiceInfo, ServiceQuery

from .info import PASSING, checked_service


def read(answer: object, plugin: str) -> tuple[list[ServiceInfo], InvalidService | None]:
    """Give the services of one plugin's answer that make sense, and what is wrong with the others."""
    where = f"what {plugin!r} answered to service.discover"
    if not isinstance(answer, Iterable) or isinstance(answer, str | bytes | Mapping):
        return [], InvalidService(
            where, [f"it is {type(answer).__name__}, not a list of services; return [] for none"]
        )
    services: list[ServiceInfo] = []
    problems: list[str] = []
    for number, found in enumerate(answer):
        try:
            services.append(checked_service(found, where, id_needed=True))
        except InvalidService as error:
            problems += [f"[{number}] {problem}" for problem in error.problems]
    return services, InvalidService(where, problems) if problems else None


def merged(lists: Iterable[Iterable[ServiceInfo]]) -> list[ServiceInfo]:
    """One list of all, in order; of two with the same id the first one that is not stale counts."""
    by_id: dict[str, ServiceInfo] = {}
    for services in lists:
        for service in services:
            known = by_id.setdefault(id := service.get("id", ""), service)
            if known.get("stale") and not service.get("stale"):
                by_id[id] = service
    return list(by_id.values())


def selected(services: Iterable[ServiceInfo], query: ServiceQuery) -> list[ServiceInfo]:
    """Those that match the query, the first `limit` of them."""
    return [service for service in services if matches(service, query)][: query.get("limit")]


def matches(service: ServiceInfo, query: ServiceQuery) -> bool:
    """Whether somebody who asks this wants this service; a `limit` is for the whole list."""
    return (
        ("name" not in query or query["name"] == service.get("name"))
        and ("zone" not in query or query["zone"] == service.get("zone"))
        and set(query.get("tags", ())) <= set(service.get("tags", ()))
        and (not query.get("passing", True) or service.get("status") == PASSING)
    )
