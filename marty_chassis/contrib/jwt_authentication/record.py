"""What becomes known of who got in and who did not: log, figures, events. Never a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marty_chassis.errors import MailboxFull
from marty_chassis.plugins import PluginContext

from .refused import Reason, Refused


class Record:
    """Tells it in the plugin's name."""

    def __init__(self, context: PluginContext) -> None:
        counter = context.metrics.counter
        self._log = context.logger.info
        self._bus = context.event_bus
        self._accepted = counter("auth_accepted", "Requests and handshakes with a valid token")
        self._lost = counter("auth_events_lost", "Events that found a subscriber's mailbox full")
        self._refused = {
            reason: counter(f"auth_refused_{reason.word}", f"Refused: {reason.value}")
            for reason in Reason
        }
        self._counters = (self._accepted, self._lost, *self._refused.values())

    def accepted(self) -> None:
        """Somebody got in, or could have."""
        self._accepted.inc()

    async def refused(self, refused: Refused, scope: Mapping[str, Any]) -> None:
        """Somebody did not, by a request or a handshake."""
        reason = refused.reason
        method, path = scope.get("method", "WEBSOCKET"), scope["path"][:200]
        self._log("refused {} {!r}: {}", method, path, reason.value)
        self._refused[reason].inc()
        data: dict[str, Any] = {
            "reason": reason.word,
            "status": reason.status,
            "method": method,
            "path": path,
            "client": (scope.get("client") or [None])[0],
        }
        if reason is Reason.SCOPE:
            data |= {"subject": refused.subject, "needed": list(refused.scopes)}
        await self._tell("auth.refused", data)

    async def issued(self, subject: str, scopes: list[str], id: str, expires: int) -> None:
        """Somebody has a new token; `expires` is in seconds since 1970."""
        data = {"subject": subject, "scopes": scopes, "id": id, "expires": expires}
        await self._tell("auth.issued", data)

    def export(self) -> dict[str, float]:
        """Give the figures by name."""
        return {counter.name: counter.value for counter in self._counters}

    def add(self, figures: Mapping[str, float]) -> None:
        """Count on from what `export` of the run before has given."""
        for counter in self._counters:
            counter.inc(figures.get(counter.name, 0))

    async def _tell(self, type: str, data: Mapping[str, Any]) -> None:
        try:
            # Nobody waits here for whoever listens: a flood of bad tokens would hold up the good.
            await self._bus.publish(type, data, seconds=0)
        except MailboxFull:
            self._lost.inc()

    def __repr__(self) -> str:
        return f"<Record: {self._accepted.value:g} accepted>"
