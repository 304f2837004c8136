"""Prometheus collectors of the registry that a process has."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial

from .difference import Difference, Identity, Place
from .source import Call
from .sources import Sources

_KINDS = ("Counter", "Gauge", "Histogram", "Summary", "Info", "Enum", "Metric")
_ITS_OWN = ("GCCollector", "PlatformCollector", "ProcessCollector")
"""Those that come with the first import."""


def look() -> Mapping[object, tuple[str, ...]]:
    """Every collector with the names of its series; none where the library is not imported."""
    registry = getattr(sys.modules.get("prometheus_client"), "REGISTRY", None)
    known = getattr(registry, "_collector_to_names", None)
    return {one: tuple(names) for one, names in dict(known or {}).items()}


def left(before: Mapping[object, tuple[str, ...]], sources: Sources) -> Iterator[Difference]:
    """Those that the plugin has registered."""
    for collector, names in look().items():
        if collector in before or type(collector).__name__ in _ITS_OWN:
            continue
        where = sources.place_of(collector, partial(_line, names, sources))
        if where is not None:
            name = names[0] if names else type(collector).__name__
            yield Difference(
                "collector",
                Identity(collector),
                f"the Prometheus collector {name!r} is still in the global registry",
                where,
                "Use context.metrics, or a registry of your own.",
            )


def _line(names: tuple[str, ...], sources: Sources) -> Place | None:
    # A name may be put together from its parts.
    parts = {name[at:] for name in names for at in range(len(name))}
    return sources.call_that(_registers, parts, strictly=True) or sources.call_that(_registers)


def _registers(call: Call) -> bool:
    elsewhere = "registry" in call.texts() and "REGISTRY" not in call.words()
    return call.last == "register" or (call.last in _KINDS and not elsewhere)
