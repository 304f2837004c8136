"""The plugins that come with the chassis: they start when the configuration has a section."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib.util import find_spec
from typing import Final

from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.discovery.references import Reference
from marty_chassis.errors import Problem
from marty_hookspecs import FailurePolicy, PluginMetadata

BUNDLED: Final = (
    "consul",
    "custom-metrics",
    "etcd",
    "jwt-authentication",
    "request-tracing",
    "structured-logging",
)
GUARDS: Final = frozenset({"jwt-authentication"})
"""Those that decide who gets in."""
HOME: Final = "marty_chassis.contrib"


def bundled(names: Collection[str]) -> Iterator[Reference]:
    """Give those of these plugins that are there; nothing is imported but the package itself."""
    for name in BUNDLED:
        value = f"{HOME}.{name.replace('-', '_')}"
        if name in names and _exists(value):
            yield Reference(Source("bundled", name), name, value)


def not_installed(name: str, origin: str) -> Problem:
    """The warning for a section of a bundled plugin that is not there."""
    return Problem(
        f"plugins.{name}",
        f"{name!r} is known, and it is not part of this version of marty-chassis",
        origin,
        "Nothing of what it would do happens: bring a plugin of this name, or take the section"
        " out.",
        "warning",
    )


def absent(name: str) -> Candidate:
    """Give the candidate of a bundled plugin that is not there, so that it is seen and missed.

    Authentication fails closed: with a section, or where it is required, nobody gets in without it.
    """
    policy: FailurePolicy = "closed" if name in GUARDS else "open"
    return Candidate(
        name=name,
        metadata=PluginMetadata(name, failure_policy=policy),
        source=Source("bundled", name),
        problem=f"{name!r} is known, and it is not part of this version of marty-chassis."
        " Bring a plugin of this name, or take its section out.",
    )


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
