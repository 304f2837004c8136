"""What is in a Prometheus registry, as families; what makes no sense is a fault of its plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from marty_chassis.errors import ContractError

from .families import SUFFIXES, Family, MetricType, Sample, shown
from .figures import LONGEST, Sieve, in_one_line, writable
from .merging import sanitised

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

HOOK: Final = "metrics.collect"
"""Under which hook the faults are found."""

_TYPES: Final[Mapping[str, MetricType]] = {type: type for type in SUFFIXES}

_CREATED: Final = "_created"
"""The times when figures began, which nobody reads and which double what is sent."""


def families_in(registry: CollectorRegistry, sieve: Sieve) -> list[Family]:
    """Give all families of a registry; one collector in it that raises spoils them all.

    Exemplars and timestamps are left out.
    """
    metrics = sieve.tried(HOOK, lambda: [*registry.collect()])
    found = (sieve.tried(HOOK, _family, metric) for metric in metrics or ())
    return [family for family in found if family is not None]


def _family(metric: Metric) -> Family:
    name = metric.name
    if not 0 < len(name) <= LONGEST:
        raise ContractError(f"a name is no text of 1 to {LONGEST} characters")
    type = _TYPES.get(metric.type)
    if type is None:
        raise ContractError(f"{name} is a {metric.type!r:.40}, which is no type of metrics")
    samples = tuple(_samples(metric, type))
    return Family(shown(sanitised(name), type), type, in_one_line(metric.documentation), samples)


def _samples(metric: Metric, type: MetricType) -> Iterator[Sample]:
    ending = shown(metric.name, type).removeprefix(metric.name)
    for sample in metric.samples:
        suffix = sample.name.removeprefix(metric.name)
        if suffix == _CREATED:
            continue
        if not suffix.startswith(ending) or suffix[len(ending) :] not in SUFFIXES[type]:
            raise ContractError(f"{sample.name:.200} is no sample of the {type} {metric.name}")
        labels = {sanitised(key): writable(str(value)) for key, value in sample.labels.items()}
        yield Sample(labels, float(sample.value), suffix[len(ending) :])
