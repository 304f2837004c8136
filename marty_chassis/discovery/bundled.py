"""The plugins that come with the chassis: they start when the configuration asks for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from marty_chassis.discovery.candidate import Source
from marty_chassis.discovery.references import Reference

BUNDLED: Final = (
    "consul",
    "custom-metrics",
    "etcd",
    "jwt-authentication",
    "request-tracing",
    "structured-logging",
)
HOME: Final = "marty_chassis.contrib"


def bundled(names: Collection[str]) -> Iterator[Reference]:
    """Give those of these plugins that are among the names; nothing is imported."""
    for name in BUNDLED:
        if name in names:
            yield Reference(Source("bundled", name), name, f"{HOME}.{name.replace('-', '_')}")


def is_bundled(source: Source) -> bool:
    """Whether it is one of these: found by its name, or handed over by the service's own code."""
    return source.kind == "bundled" or (
        source.kind == "argument" and source.place.startswith(f"{HOME}.")
    )
