"""Figures in one form, whoever has them: families of one name, one type and one description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

MetricType = Literal[
    "counter", "gauge", "histogram", "summary", "info", "stateset", "gaugehistogram", "unknown"
]

SUFFIXES: Final[Mapping[MetricType, frozenset[str]]] = {
    "counter": frozenset({""}),
    "gauge": frozenset({""}),
    "histogram": frozenset({"_bucket", "_sum", "_count"}),
    "summary": frozenset({"", "_sum", "_count"}),
    "info": frozenset({""}),
    "stateset": frozenset({""}),
    "gaugehistogram": frozenset({"_bucket", "_gsum", "_gcount"}),
    "unknown": frozenset({""}),
}
"""What stands behind a family's name in its samples."""

GROWING: Final = frozenset[MetricType]({"counter", "histogram", "summary"})
"""The types whose figures never shrink, so that those of several processes can be added up."""

_ENDINGS: Final[Mapping[str, str]] = {"counter": "_total", "info": "_info"}
_CREATED: Final = "_created"


class Sample(NamedTuple):
    """One figure of a family."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""
    """What stands behind the family's name: `_bucket`."""


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one name."""

    name: str
    """As Prometheus shows it: a counter's ends with `_total`."""
    type: MetricType
    help: str
    samples: tuple[Sample, ...]

    @property
    def base(self) -> str:
        """The name as OpenMetrics knows it: a counter's without `_total`."""
        return self.name.removesuffix(_ENDINGS.get(self.type, ""))

    @property
    def occupied(self) -> frozenset[str]:
        """The names that no other family may have beside this one."""
        created = {f"{self.base}{_CREATED}"} if self.type in GROWING else set[str]()
        return frozenset(
            {self.base, *(f"{self.name}{suffix}" for suffix in SUFFIXES[self.type]), *created}
        )


def shown(name: str, type: MetricType) -> str:
    """Give the name that Prometheus shows of a family of this type, whatever it ends with."""
    ending = _ENDINGS.get(type, "")
    return f"{name.removesuffix(ending)}{ending}"


def counter(name: str, help: str, samples: Iterable[Sample]) -> Family:
    """Give a family that only grows."""
    return Family(name, "counter", help, tuple(samples))


def gauge(name: str, help: str, samples: Iterable[Sample]) -> Family:
    """Give a family of things as they are now."""
    return Family(name, "gauge", help, tuple(samples))


def with_samples(families: Iterable[Family]) -> list[Family]:
    """Leave out families that have nothing to say."""
    return [family for family in families if family.samples]
