"""Plugins say how they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .point import ErrorPolicy, ExtensionPointType, extension_point

HealthResult = Mapping[str, Any]
"""`{"healthy": bool, ...}`; every other key is a detail. A bare `bool` is accepted too."""


@extension_point(
    "health.check",
    type=ExtensionPointType.PROVIDER,
    on_error=ErrorPolicy.REPORT,
    deadline=5.0,
)
async def health_check() -> HealthResult | None:
    """Say how you are.

    :called: at the plugin's own interval (30 s unless it says otherwise), never by a request.
    :results: one report for each plugin, under its name, from a cache.
    :errors: the plugin counts as unhealthy, with the error as the reason.

    >>> class Database:
    ...     @hookimpl
    ...     async def health_check(self):
    ...         return {"healthy": True, "connections": 5}
    """
    ...
