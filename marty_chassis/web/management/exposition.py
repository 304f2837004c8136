"""Families as Prometheus reads them. Needs `prometheus_client`, the extra `metrics`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from .families import Family

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

WITHOUT = (
    "Prometheus text needs the package prometheus_client, which is not installed:"
    ' pip install "marty-chassis[metrics]". GET /plugins/metrics with'
    " `Accept: application/json` gives the same figures without it."
)

_ASKED = {"prometheus": "text/plain", "openmetrics": "application/openmetrics-text; version=1.0.0"}


class Exposition:
    """One registry for each service, never prometheus_client's global one.

    What the service itself registers in `registry` is exposed beside the plugins' figures.
    """

    def __init__(self) -> None:
        self._registry: CollectorRegistry | None = None

    @property
    def registry(self) -> CollectorRegistry:
        """Where the service may register metrics of its own; raises `ImportError`."""
        if self._registry is None:
            from prometheus_client import CollectorRegistry

            self._registry = CollectorRegistry()
        return self._registry

    @property
    def used(self) -> CollectorRegistry | None:
        """The service's registry, if there is one."""
        return self._registry

    def __repr__(self) -> str:
        return f"<Exposition, registry {'used' if self._registry is not None else 'not used'}>"


def text(
    families: Sequence[Family], form: Literal["prometheus", "openmetrics"]
) -> tuple[bytes, str]:
    """Give the text and its media type; raises `ImportError`."""
    from prometheus_client.exposition import choose_encoder

    encode, media_type = choose_encoder(_ASKED[form])
    return encode(_Once(families)), media_type


class _Once:
    """A collector of one answer."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return (_metric(family) for family in self._families)


def _metric(family: Family) -> Metric:
    from prometheus_client.metrics_core import Metric

    metric = Metric(family.base, family.help, family.type)
    for sample in family.samples:
        name = f"{family.name}{sample.suffix}"
        metric.add_sample(name, dict(sample.labels), float(sample.value))
    return metric
