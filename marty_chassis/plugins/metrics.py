"""`context.metrics`: counters and gauges that are shown with the plugin's other figures."""

from __future__ import annotations

from marty_chassis.hooks import Registrations
from marty_chassis.lifecycle import Ledger
from marty_hookspecs import MetricDefinition


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
    """One plugin's figures; they are answered to `metrics.collect` and `metrics.describe`."""

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

    def _new(self, figure: Counter | Gauge) -> Counter | Gauge:
        self._ledger.enter("metric", lambda: self._figures.pop(figure.name, None), id=figure.name)
        if not self._figures:
            self._registrations.add_handler("metrics_collect", self._collect)
            self._registrations.add_handler("metrics_describe", self._describe)
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
