"""What the plugin counts: tokens that were accepted, refusals by their reason."""

from __future__ import annotations

from collections.abc import Mapping

from marty_chassis.plugins import PluginContext

from .refused import Reason


class Figures:
    """Counters among the plugin's own metrics."""

    def __init__(self, context: PluginContext) -> None:
        counter = context.metrics.counter
        self.accepted = counter("auth_accepted", "Requests and handshakes with a valid token")
        self.lost = counter("auth_events_lost", "Events that found a subscriber's mailbox full")
        self._refused = {
            reason: counter(f"auth_refused_{reason.word}", f"Refused: {reason.value}")
            for reason in Reason
        }

    def refused(self, reason: Reason) -> None:
        """Count a refusal."""
        self._refused[reason].inc()

    def export(self) -> dict[str, float]:
        """Give the figures by name."""
        counters = (self.accepted, self.lost, *self._refused.values())
        return {counter.name: counter.value for counter in counters}

    def add(self, figures: Mapping[str, float]) -> None:
        """Go on from what `export` of the run before has given."""
        for counter in (self.accepted, self.lost, *self._refused.values()):
            counter.inc(figures.get(counter.name, 0))

    def __repr__(self) -> str:
        return f"<Figures: {self.accepted.value:g} accepted>"
