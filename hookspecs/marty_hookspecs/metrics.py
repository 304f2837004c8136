"""Plugins bring figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from .point import ErrorPolicy, ExtensionPointType, extension_point


class MetricDefinition(TypedDict, total=False):
    """What a figure is; one without a definition is a gauge."""

    type: Literal["counter", "gauge"]
    description: str


@extension_point(
    "metrics.collect",
    type=ExtensionPointType.PROVIDER,
    on_error=ErrorPolicy.REPORT,
    deadline=5.0,
)
async def metrics_collect() -> Mapping[str, float] | None:
    """Give your figures by name.

    :called: each time somebody reads the metrics; with custom-metrics at its interval instead.
    :results: one mapping for each plugin; figures of one name get a `plugin` label.
    :errors: reported; the other plugins' figures are shown.

    >>> class Queue:
    ...     @hookimpl
    ...     async def metrics_collect(self):
    ...         return {"queue_length": 3}
    """
    ...


@extension_point(
    "metrics.describe",
    type=ExtensionPointType.PROVIDER,
    on_error=ErrorPolicy.REPORT,
    deadline=5.0,
)
async def metrics_describe() -> Mapping[str, MetricDefinition] | None:
    """Say what your figures are: type and description by name.

    :called: each time somebody reads the metrics; with custom-metrics at its interval instead.
    :results: one mapping for each plugin; a figure nobody describes is a gauge.
    :errors: reported; the plugin's figures are shown as gauges.

    >>> class Queue:
    ...     @hookimpl
    ...     def metrics_describe(self):
    ...         return {"queue_length": {"type": "gauge", "description": "Waiting jobs"}}
    """
    ...
