"""Who moved which plugin, or wanted to: one log line and one event each, without the token."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from loguru import logger

from marty_chassis.errors import MartyError

EVENT = "management.audit"

SOURCE = "management"

_PATIENCE = 1.0
"""Seconds that an answer waits for room in a subscriber's mailbox."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to move a plugin, and what became of it."""

    action: str
    plugin: str
    """As it was written in the address, shortened."""
    role: str
    """operator, viewer or nobody."""
    client: str
    """Address and port, as far as the server knows."""
    status: int
    """The answer's; 0 when the request was broken off."""
    type: str
    """One word for what was wrong; empty when nothing was."""

    @property
    def outcome(self) -> str:
        """What became of it, in one word."""
        if self.status in (401, 403):
            return "refused"
        return "done" if self.status == 200 else "failed"


class Publishes(Protocol):
    """The event bus."""

    async def publish(
        self, type: str, data: Any = ..., *, source: str, seconds: float | None = ...
    ) -> object:
        """Give an event to whoever wants it."""
        ...


class Audit:
    """Writes attempts down."""

    def __init__(self, bus: Publishes | None) -> None:
        self._bus = bus

    def log(self, attempt: Attempt) -> None:
        """Write the log line."""
        # The name is a stranger's: quoted, so that it stays in its line.
        logger.bind(plugin=attempt.plugin).info(
            "management: {} at {} asked to {} {!r}: {}, {}",
            attempt.role,
            attempt.client,
            attempt.action,
            attempt.plugin,
            attempt.outcome,
            f"{attempt.status} {attempt.type}".rstrip(),
        )

    async def publish(self, attempt: Attempt) -> None:
        """Publish the event; a subscriber without room does not keep the answer back."""
        if self._bus is None:
            return
        data = {**asdict(attempt), "outcome": attempt.outcome}
        try:
            await self._bus.publish(EVENT, data, source=SOURCE, seconds=_PATIENCE)
        except MartyError as error:
            logger.warning("an audit event did not reach everybody: {}", error)
