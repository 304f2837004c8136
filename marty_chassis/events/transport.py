"""The seam for a bus beyond one process (NATS JetStream, Redis Streams); nothing uses it yet.

What a transport will promise: at least once, so a handler compares `event.id`; order for each type
and publisher only; `group=None` reaches every process, a named group one of its members.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from .event import Event


class EventTransport(Protocol):
    """Carries events to other processes and back."""

    async def connect(self) -> None:
        """Open the connection; from then on it reconnects by itself."""
        ...

    async def publish(self, event: Event) -> None:
        """Return when the event is stored beyond this process."""
        ...

    async def subscribe(
        self,
        pattern: str,
        handler: Callable[[Event], Awaitable[None]],
        *,
        group: str | None = None,
        durable: str | None = None,
    ) -> Callable[[], Awaitable[None]]:
        """Acknowledge each event when its handler has returned; gives what ends it."""
        ...

    async def close(self) -> None:
        """Send what was accepted, then leave."""
        ...
