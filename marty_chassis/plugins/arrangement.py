"""What plugins enter about figures: Prometheus registries, and how all figures are shown."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from marty_chassis.hooks import Generation, Part

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

Form = Literal["json", "prometheus", "openmetrics"]

AT_HAND: Final = MappingProxyType({"at_hand": True})
"""The facts of handlers whose figures are here already: asking them runs no code of a plugin."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the figures of all plugins are gathered and shown."""

    interval: float | None = None
    """Seconds between two collections in the background; `None`: whenever somebody reads."""
    form: Form | None = None
    """What is answered to those who would take anything; `None`: what is usual for the path."""
    request_hooks: bool = False
    """Whether the time that plugins take in requests is measured, too."""


def _first(generation: Generation) -> Arrangement:
    return next((found for _, found in generation.entries(ARRANGEMENT)), Arrangement())


def _listed(generation: Generation) -> tuple[tuple[str, CollectorRegistry], ...]:
    return tuple(generation.entries(REGISTRIES))


ARRANGEMENT: Part[Arrangement, Arrangement] = Part("arrangement of figures", _first)
"""Of several the one of the plugin whose name comes first."""

REGISTRIES: Part[CollectorRegistry, tuple[tuple[str, CollectorRegistry], ...]] = Part(
    "registries", _listed
)
"""Each with the name of its plugin."""
