"""The audit trail: what happened to plugins and services, and events, as lines with `audit: true`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loguru import logger

from marty_chassis.events import Event, PluginEventBus
from marty_chassis.events.pattern import Pattern

from .writer import AUDIT


def note(event: str, **fields: Any) -> None:
    """Write one line of the audit trail."""
    # A line as any other, so that it has the ids of the request in which it happened.
    logger.bind(**{AUDIT: True}, event=event, **fields).info(event)


def listen(bus: PluginEventBus, patterns: Sequence[str]) -> None:
    """Note every event that fits one of these patterns, once."""
    wanted = [Pattern(text) for text in dict.fromkeys(patterns)]
    for place, pattern in enumerate(wanted):
        bus.subscribe(pattern.text, _unless_noted(wanted[:place]))


def _unless_noted(earlier: Sequence[Pattern]) -> Any:
    def noted(event: Event) -> None:
        if not any(pattern.matches(event.type) for pattern in earlier):
            note(event.type, plugin=event.source, event_id=event.id, data=event.data)

    return noted
