"""Figures in one form, whoever has them: families of one name, one type and one description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

MetricType = Literal["counter", "gauge"]


class Sample(NamedTuple):
    """One figure of a family."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one name; each sample has the same labels, with other values."""

    name: str
    """As Prometheus shows it: a counter's ends with `_total`."""
    type: MetricType
    help: str
    samples: tuple[Sample, ...]


def counter(name: str, help: str, samples: Iterable[Sample]) -> Family:
    """Give a family that only grows."""
    return Family(name, "counter", help, tuple(samples))


def gauge(name: str, help: str, samples: Iterable[Sample]) -> Family:
    """Give a family of things as they are now."""
    return Family(name, "gauge", help, tuple(samples))
