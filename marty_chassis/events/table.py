"""Who gets which event: made once for each generation from all subscriptions in it."""

from __future__ import annotations

from collections.abc import Iterable

from marty_chassis.hooks import Part

from .pattern import checked_type
from .subscription import Subscription

REMEMBERED = 1000
"""Types whose subscribers are remembered; a type made up for each event must not fill memory."""


class Table:
    """The subscriptions of one generation."""

    __slots__ = ("_exact", "_found", "_patterns", "subscriptions")

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self.subscriptions = tuple(subscriptions)
        """By plugin, and in the order in which each plugin subscribed."""
        self._exact: dict[str, list[tuple[int, Subscription]]] = {}
        self._patterns: list[tuple[int, Subscription]] = []
        for place in enumerate(self.subscriptions):
            pattern = place[1].pattern
            if pattern.exact:
                self._exact.setdefault(pattern.text, []).append(place)
            else:
                self._patterns.append(place)
        self._found: dict[str, tuple[Subscription, ...]] = {}

    def of(self, type: str) -> tuple[Subscription, ...]:
        """The subscribers of one type, in order; raises `InvalidEvent` for what is no type."""
        found = self._found.get(type)
        return self._find(type) if found is None else found

    def _find(self, type: str) -> tuple[Subscription, ...]:
        places = [
            *self._exact.get(checked_type(type), ()),
            *(place for place in self._patterns if place[1].pattern.matches(type)),
        ]
        found = tuple(subscription for _, subscription in sorted(places, key=lambda p: p[0]))
        if len(self._found) >= REMEMBERED:
            del self._found[next(iter(self._found))]
        self._found[type] = found
        return found

    def __repr__(self) -> str:
        return f"<Table of {len(self.subscriptions)} subscriptions>"


SUBSCRIPTIONS: Part[Subscription, Table] = Part(
    "subscriptions",
    lambda generation: Table(entry for _, entry in generation.entries(SUBSCRIPTIONS)),
)
"""Where a generation holds its subscriptions."""
