"""`context.metrics`: counters, gauges and a Prometheus registry of the plugin's own."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from marty_chassis.errors import MissingExtra
from marty_chassis.hooks import Registrations
from marty_chassis.lifecycle import Ledger
from marty_hookspecs import MetricDefinition

from .arrangement import ARRANGEMENT, AT_HAND, REGISTRIES, Arrangement, Form

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Counter:
    """A figure that only grows."""

    __slots__ = ("description", "name", "value")

    def __init__(self, name: str, description: str = "") -> None:
        self.name = name
        self.description = description
        self.value = 0.0

    def inc(self, amount: float = 1) -> None:
        """Add to it; raises `ValueError` for less than nothing."""
        if amount < 0:
            raise ValueError(f"counter {self.name!r} cannot shrink by {-amount:g}. Use a gauge.")
        self.value += amount

    def __repr__(self) -> str:
        return f"<Counter {self.name} {self.value:g}>"


class Gauge:
    """A figure that goes up and down."""

    __slots__ = ("description", "name", "value")

    def __init__(self, name: str, description: str = "") -> None:
        self.name = name
        self.description = description
        self.value = 0.0

    def set(self, value: float) -> None:
        """Make it this."""
        self.value = value

    def inc(self, amount: float = 1) -> None:
        """Add to it."""
        self.value += amount

    def dec(self, amount: float = 1) -> None:
        """Take from it."""
        self.value -= amount

    def __repr__(self) -> str:
        return f"<Gauge {self.name} {self.value:g}>"


class Metrics:
    """One plugin's figures.

    Counters and gauges are answered to `metrics.collect` and `metrics.describe`. They are looked at
    whenever somebody reads, and so is what is in the registry. All of it goes when the plugin stops.
    """

    def __init__(self, registrations: Registrations, ledger: Ledger) -> None:
        self._registrations = registrations
        self._ledger = ledger
        self._figures: dict[str, Counter | Gauge] = {}

    def counter(self, name: str, description: str = "") -> Counter:
        """Give the counter of this name, new or known; raises `ValueError` if it is a gauge."""
        figure = self._figures.get(name) or self._new(Counter(name, description))
        if not isinstance(figure, Counter):
            raise ValueError(f"{figure!r} is no counter. Choose another name.")
        return figure

    def gauge(self, name: str, description: str = "") -> Gauge:
        """Give the gauge of this name, new or known; raises `ValueError` if it is a counter."""
        figure = self._figures.get(name) or self._new(Gauge(name, description))
        if not isinstance(figure, Gauge):
            raise ValueError(f"{figure!r} is no gauge. Choose another name.")
        return figure

    @cached_property
    def registry(self) -> CollectorRegistry:
        """For everything that prometheus_client has: labels, histograms, collectors of one's own.

        Made for this run of the plugin: `Histogram(..., registry=context.metrics.registry)`. Each
        sample is shown with the label `plugin`. Raises `MissingExtra`.
        """
        try:
            from prometheus_client import CollectorRegistry
        except ImportError:
            raise MissingExtra("context.metrics.registry", "prometheus_client", "metrics") from None
        registry = CollectorRegistry()
        undo = partial(self._registrations.remove, REGISTRIES, registry)
        self._ledger.enter("registry", undo, id="")
        self._registrations.add(REGISTRIES, registry)
        return registry

    def arrange(
        self,
        *,
        interval: float | None = None,
        form: Form | None = None,
        request_hooks: bool = False,
    ) -> None:
        """Decide how the figures of all plugins are gathered and shown, while this plugin runs.

        interval: collect in the background, every so many seconds; who reads never waits then.
        form: what is answered to those who would take anything.
        request_hooks: measure the time that plugins take in requests, too.

        Where several plugins decide, the one whose name comes first does.
        """
        for earlier in self._registrations.entries(ARRANGEMENT):
            self._registrations.remove(ARRANGEMENT, earlier)
        arranged = Arrangement(interval, form, request_hooks)
        undo = partial(self._registrations.remove, ARRANGEMENT, arranged)
        self._ledger.enter("arrangement of figures", undo, id="")
        self._registrations.add(ARRANGEMENT, arranged)

    def _new(self, figure: Counter | Gauge) -> Counter | Gauge:
        self._ledger.enter("metric", lambda: self._figures.pop(figure.name, None), id=figure.name)
        if not self._figures:
            # At hand: who gathers figures in the background may look at these whenever it likes.
            self._registrations.add_handler("metrics_collect", self._collect, facts=AT_HAND)
            self._registrations.add_handler("metrics_describe", self._describe, facts=AT_HAND)
        self._figures[figure.name] = figure
        return figure

    def _collect(self) -> dict[str, float]:
        return {name: figure.value for name, figure in self._figures.items()}

    def _describe(self) -> dict[str, MetricDefinition]:
        return {
            name: {
                "type": "counter" if isinstance(figure, Counter) else "gauge",
                "description": figure.description,
            }
            for name, figure in self._figures.items()
        }

    def __repr__(self) -> str:
        return f"<Metrics of {self._ledger.plugin}: {', '.join(self._figures) or 'none'}>"
