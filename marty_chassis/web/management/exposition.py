"""Families as Prometheus reads them. Needs `prometheus_client`, the extra `metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from loguru import logger

from .families import Family

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

WITHOUT = (
    "Prometheus text needs the package prometheus_client, which is not installed:"
    ' pip install "marty-chassis[metrics]". GET /plugins/metrics with'
    " `Accept: application/json` gives the same figures without it."
)


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

    def text(self, families: Sequence[Family], accept: str) -> tuple[bytes, str]:
        """Give the text and its media type, OpenMetrics when asked for; raises `ImportError`."""
        from prometheus_client.exposition import choose_encoder

        encode, media_type = choose_encoder(accept)
        return encode(_Once(self.registry, families)), media_type

    def __repr__(self) -> str:
        return f"<Exposition, registry {'used' if self._registry is not None else 'not used'}>"


class _Once:
    """A collector of one answer."""

    def __init__(self, registry: CollectorRegistry, families: Sequence[Family]) -> None:
        self._registry = registry
        self._families = families

    def collect(self) -> Iterator[Metric]:
        metrics = [_metric(family) for family in self._families]
        yield from metrics
        ours = {metric.name for metric in metrics}
        for metric in self._registry.collect():
            # Two families of one name would make the whole answer unreadable.
            if metric.name in ours:
                logger.warning("the metric {} of the registry is a plugin's already", metric.name)
            else:
                yield metric


def _metric(family: Family) -> Metric:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    labels = tuple(family.samples[0].labels) if family.samples else ()
    make = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
    metric = make(family.name, family.help, labels=labels)
    for sample in family.samples:
        metric.add_metric(list(sample.labels.values()), float(sample.value))
    return metric


def with_samples(families: Iterable[Family]) -> list[Family]:
    """Leave out families that have nothing to say."""
    return [family for family in families if family.samples]
