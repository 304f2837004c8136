"""Services come, go and are looked for."""

from __future__ import annotations

from typing import TypedDict

from .point import ErrorPolicy, ExtensionPointType, extension_point


class ServiceInfo(TypedDict, total=False):
    """One instance of a service, as the registry keeps it. Plugins may add keys of their own."""

    name: str
    id: str
    """Unique among all instances of all services."""
    address: str | None
    """Host name or IP address; `None` while the service does not know its own."""
    port: int | None
    scheme: str
    version: str
    tags: list[str]
    meta: dict[str, str]
    status: str
    """passing, warning, critical or unknown."""
    weight: int
    zone: str | None
    stale: bool
    """Whether where it was learned of cannot be asked now, so that it may be out of date (1.1)."""


class ServiceQuery(TypedDict, total=False):
    """What somebody looks for; a key that is missing does not restrict."""

    name: str
    tags: list[str]
    """All of them must be present."""
    passing: bool
    """Only instances whose status is passing; true when missing."""
    zone: str
    limit: int


@extension_point(
    "service.pre_register",
    type=ExtensionPointType.FILTER,
    on_error=ErrorPolicy.KEEP,
    deadline=5.0,
    copy=True,
)
async def service_pre_register(service_info: ServiceInfo) -> ServiceInfo:
    """Return the service as it should be registered.

    :called: once for each registration, before the registry is touched.
    :results: each plugin receives what the one before it returned; `None` means no change.
    :errors: the last good value is kept, and the report names the plugin.

    >>> class Tagger:
    ...     @hookimpl
    ...     async def service_pre_register(self, service_info):
    ...         service_info["tags"] = [*service_info.get("tags", ()), "blue"]
    ...         return service_info
    """
    ...


@extension_point(
    "service.post_register",
    type=ExtensionPointType.HOOK,
    on_error=ErrorPolicy.REPORT,
    deadline=5.0,
)
async def service_post_register(service_info: ServiceInfo) -> None:
    """Learn that a service has been registered.

    :called: once for each registration, after the registry has the entry.
    :results: none; all plugins are told.
    :errors: reported; the others are told all the same.

    >>> class Announcer:
    ...     @hookimpl
    ...     async def service_post_register(self, service_info):
    ...         print(service_info["name"], "is here")
    """
    ...


@extension_point(
    "service.pre_unregister",
    type=ExtensionPointType.HOOK,
    on_error=ErrorPolicy.REPORT,
    deadline=5.0,
)
async def service_pre_unregister(service_info: ServiceInfo) -> None:
    """Learn that a service is about to leave.

    :called: once for each entry that leaves, while the registry still has it.
    :results: none; all plugins are told.
    :errors: reported; the service leaves all the same.

    >>> class Announcer:
    ...     @hookimpl
    ...     async def service_pre_unregister(self, service_info):
    ...         print(service_info["name"], "is leaving")
    """
    ...


@extension_point(
    "service.discover",
    type=ExtensionPointType.PROVIDER,
    on_error=ErrorPolicy.REPORT,
    deadline=5.0,
)
async def service_discover(query: ServiceQuery) -> list[ServiceInfo] | None:
    """Give the instances you know that match the query.

    :called: for each discovery, beside the registry's own entries.
    :results: all lists become one, merged by `id`; the registry's own entries come first, and
        what is not stale counts more than what is.
    :errors: reported; the other answers are used.

    >>> class Static:
    ...     @hookimpl
    ...     async def service_discover(self, query):
    ...         return [{"name": "billing", "id": "billing-1", "address": "10.0.0.7", "port": 80}]
    """
    ...
