"""What was published, as a test wants to know it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import anyio

from marty_chassis.events import Event, PluginEventBus
from marty_chassis.events.pattern import Pattern

from .failures import NotSeen


class EventRecorder:
    """Keeps every event of the buses and patterns it records, in the order in which they came."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._arrived = anyio.Event()
        self._endings: list[Callable[[], None]] = []

    @property
    def types(self) -> list[str]:
        """Their types, in the same order."""
        return [event.type for event in self.events]

    def record(self, bus: PluginEventBus, pattern: str = "*") -> EventRecorder:
        """Record from now on what is published on this bus, and give the recorder itself.

        bus: `chassis.event_bus`, or a plugin's `context.event_bus`.
        """
        subscription = bus.subscribe(pattern, self._take)
        self._endings.append(partial(bus.unsubscribe, subscription))
        return self

    def of(self, pattern: str) -> list[Event]:
        """Those that were seen and whose type fits the pattern."""
        wanted = Pattern(pattern)
        return [event for event in self.events if wanted.matches(event.type)]

    async def wait_for(
        self,
        pattern: str,
        *,
        count: int = 1,
        timeout: float = 2.0,  # noqa: ASYNC109 - what a test says is how long it waits
    ) -> Event:
        """Give the event that fits as the `count`th, waiting for it unless it was seen already.

        Raises `NotSeen`, which lists what was seen instead, after `timeout` seconds.
        """
        with anyio.move_on_after(timeout):
            while len(found := self.of(pattern)) < count:
                await self._arrived.wait()
            return found[count - 1]
        raise NotSeen(pattern, count, timeout, Counter(self.types))

    def clear(self) -> None:
        """Forget what was seen."""
        self.events.clear()

    def stop(self) -> None:
        """Record nothing more; what was seen stays."""
        while self._endings:
            self._endings.pop()()

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self._arrived.set()
        self._arrived = anyio.Event()

    def __repr__(self) -> str:
        return f"<EventRecorder of {len(self.events)} events>"
