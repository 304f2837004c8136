"""One handler's subscription to a pattern of event types, with its mailbox and its counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import anyio.lowlevel

from marty_chassis.boundary import Faults, Phase, Strays, guarded
from marty_chassis.errors import InvalidEvent, PluginFault

from .delivery import Delivery, Letter, begun
from .mailbox import Mailbox, Waiting
from .pattern import Pattern
from .taking import Handler, handler_name, taking

WhenFull = Literal["wait", "drop"]
"""What a publisher does when the mailbox is full: wait for room, or count the event as dropped."""

BREATH = 100
"""Events that are handled before others in the loop have their turn."""


@dataclass(frozen=True, slots=True)
class SubscriptionStats:
    """How one subscription is doing, for the metrics."""

    plugin: str
    pattern: str
    handler: str
    delivered: int
    """Events that the handler has handled."""
    failed: int
    """Events that the handler raised at."""
    dropped: int
    """Events that never reached the handler: no room, or the subscription ended."""
    waiting: int
    """Events in the mailbox now."""


class Subscription:
    """Made by `subscribe`. Events are handled one after another, in the order they were published.

    What the handler raises is reported as its plugin's fault, and the next event is handled.
    """

    def __init__(
        self,
        plugin: str,
        pattern: str,
        handler: Handler,
        *,
        number: int,
        when_full: WhenFull,
        size: int,
        faults: Faults,
        strays: Strays,
        busy: set[Mailbox],
    ) -> None:
        if when_full not in get_args(WhenFull):
            raise InvalidEvent("when_full =", when_full, "Use 'wait' or 'drop'.")
        if not isinstance(size, int) or size < 1:
            raise InvalidEvent(
                "a mailbox of", size, "It holds a whole number of events, 1 or more."
            )
        self.number = number
        """Of its own among all subscriptions of the bus."""
        self.plugin = plugin
        self.pattern = Pattern(pattern)
        self.handler = handler
        self.when_full: WhenFull = when_full
        self.delivered = 0
        self.failed = 0
        self.dropped = 0
        self._call = taking(handler, plugin=plugin, pattern=pattern)
        self._faults = faults
        self._strays = strays
        self._hook = f"events:{pattern}"
        self._in_hand: Delivery | None = None
        self.mailbox = Mailbox(self._handle, size=size, name=f"{plugin} {self._hook}", busy=busy)

    @property
    def waiting(self) -> int:
        """How many events wait in the mailbox."""
        return len(self.mailbox)

    def stats(self) -> SubscriptionStats:
        """How it is doing."""
        return SubscriptionStats(
            plugin=self.plugin,
            pattern=self.pattern.text,
            handler=handler_name(self.handler),
            delivered=self.delivered,
            failed=self.failed,
            dropped=self.dropped,
            waiting=self.waiting,
        )

    async def drain(self, seconds: float) -> bool:
        """Wait until every event that was accepted has been handled; False when time is up.

        Not from inside its own handler, which would wait for itself until then.
        """
        return await self.mailbox.drain(seconds)

    def close(self) -> None:
        """Handle nothing more: what waits is dropped and counted, a call under way is cancelled."""
        self.dropped += self.mailbox.close(self._strays)

    # For the bus ------------------------------------------------------------------------------

    def put(self, letter: Letter) -> bool:
        """Accept a letter, or drop it; False when the publisher has to wait."""
        if not self.mailbox.closed:
            if self.mailbox.put(letter):
                return True
            if self.when_full == "wait":
                return False
        self.dropped += 1
        delivery, _ = letter
        delivery.handled()
        return True

    def wait(self, letter: Letter) -> Waiting:
        """Accept a letter as soon as there is room."""
        return self.mailbox.wait(letter)

    def holds(self, delivery: Delivery) -> bool:
        """Whether this event is not handled yet."""
        return delivery is self._in_hand or delivery in self.mailbox.deliveries()

    # ------------------------------------------------------------------------------------------

    async def _handle(self, mailbox: Mailbox) -> None:
        while len(mailbox):
            try:
                # Entered once for each fault, not for each event.
                with guarded(self._faults, plugin=self.plugin, phase=Phase.HOOK, hook=self._hook):
                    await self._handle_all(mailbox)
            except PluginFault:
                self.failed += 1

    async def _handle_all(self, mailbox: Mailbox) -> None:
        call = self._call
        handled = 0
        while len(mailbox):
            delivery, context = mailbox.take()
            self._in_hand = delivery
            try:
                rest = begun(context, call, delivery.event)
                if rest is not None:
                    await rest
                self.delivered += 1
            finally:
                self._in_hand = None
                delivery.handled()
            handled += 1
            if not handled % BREATH:
                await anyio.lowlevel.checkpoint()

    def __repr__(self) -> str:
        return (
            f"<Subscription of {self.plugin} to {self.pattern.text}:"
            f" {handler_name(self.handler)}, {self.waiting} waiting>"
        )
