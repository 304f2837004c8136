"""Plugins listen to events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .point import ErrorPolicy, ExtensionPointType, extension_point

EventHandler = Callable[[Any], Any]
"""Takes the event's data, or its type and its data; synchronous or asynchronous."""


@extension_point(
    "events.subscriptions", type=ExtensionPointType.PROVIDER, on_error=ErrorPolicy.RAISE
)
async def events_subscriptions() -> Mapping[str, EventHandler] | None:
    """Give a handler for each pattern of event types you want: `user.login`, `user.*`, `*`.

    :called: once each time the plugin is staged, before an event can reach it.
    :results: each subscription gets its own mailbox and keeps its own order.
    :errors: the plugin's start fails; nothing of it becomes visible.

    >>> class Audit:
    ...     @hookimpl
    ...     def events_subscriptions(self):
    ...         return {"user.*": self.note}
    ...     async def note(self, event_data):
    ...         print(event_data)
    """
    ...
