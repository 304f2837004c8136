"""The event bus: `publish` puts an event into the mailbox of everybody who wants it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from itertools import count
from typing import Any

import anyio

from marty_chassis.errors import MailboxFull, NestedWait, NotHandled
from marty_chassis.hooks import HookManager, Registrations

from .delivery import Delivery, Letter
from .event import Event, Extension, checked_word
from .handle import Ledger, PluginEventBus
from .mailbox import Mailbox
from .subscription import Subscription, SubscriptionStats, WhenFull
from .table import SUBSCRIPTIONS
from .taking import Handler


class EventBus:
    """Events between the plugins of one service, within the process and its event loop.

    Each subscriber has a mailbox of `mailbox` events and handles them in the order of publishing;
    what it raises is reported as its fault and never reaches a publisher. A publish inside a request
    reaches those who were subscribed when the request began. A plugin that is being staged gets no
    events yet, its own included. For use in the event loop's thread.
    """

    def __init__(
        self, manager: HookManager, *, mailbox: int = 1000, publish_timeout: float = 5.0
    ) -> None:
        self._selector = manager.selector
        self._failures = manager.failures
        self._mailbox = mailbox
        self._publish_timeout = publish_timeout
        # One variable for each bus: a handler of one service may wait for another service.
        self._inside: ContextVar[Delivery | None] = ContextVar("marty_handling", default=None)
        self._busy: set[Mailbox] = set()
        self._numbers = count(1)

    def handle(self, registrations: Registrations, ledger: Ledger) -> PluginEventBus:
        """Give one plugin's own door to the bus; what it subscribes is entered in its ledger."""
        return PluginEventBus(self, registrations, ledger)

    async def publish(
        self,
        type: str,
        data: Any = None,
        *,
        source: str,
        wait: bool = False,
        seconds: float | None = None,
        extensions: Mapping[str, Extension] | None = None,
    ) -> Event:
        """Give everybody who wants it an event, and give the event.

        Returns when every mailbox has it, with `wait` when every handler has handled it, and raises
        `MailboxFull` or `NotHandled` after `seconds` (`publish_timeout` when not given).
        Either way the others have it. From inside a handler it never waits: a full mailbox raises
        at once, and `wait` raises `NestedWait`. Raises `InvalidEvent` for a type that is none.
        """
        generation = self._selector.pinned()
        subscribers = generation.part(SUBSCRIPTIONS).of(type)
        event = Event(
            type=type,
            source=checked_word("the source", source),
            data=data,
            extensions=extensions or {},
        )
        inside = self._inside.get()
        if inside is not None and not inside.remaining:
            inside = None  # Something that a handler had started and that outlived it.
        if wait and inside is not None:
            raise NestedWait(type, inside.event.type)
        if not subscribers:
            return event
        delivery = Delivery(event, generation, len(subscribers))
        # A handler works as its plugin's tasks do, in the current generation: a chain of events must
        # not stay with an old one for ever.
        context = self._selector.unpinned_context()
        context.run(self._inside.set, delivery)
        full = [s for s in subscribers if not s.put((delivery, context.copy()))]
        if full and inside is not None:
            for _ in full:
                delivery.handled()
            raise _mailbox_full(event, full, 0)
        if full or (wait and delivery.remaining):
            limit = self._publish_timeout if seconds is None else seconds
            refused = await self._wait((delivery, context), full, handled=wait, seconds=limit)
            if refused:
                raise _mailbox_full(event, refused, limit)
            if wait and delivery.remaining:
                late = [(s.plugin, s.pattern.text) for s in subscribers if s.holds(delivery)]
                raise NotHandled(type, late, limit)
        return event

    async def drain(self, seconds: float) -> bool:
        """Wait until every event that was accepted has been handled; False when time is up.

        Events that handlers publish meanwhile are waited for too.
        """
        with anyio.move_on_after(seconds):
            while self._busy:
                for mailbox in tuple(self._busy):
                    await mailbox.drain(seconds)
            return True
        return False

    def stats(self) -> list[SubscriptionStats]:
        """How each subscription of the current generation is doing."""
        table = self._selector.current.part(SUBSCRIPTIONS)
        return [subscription.stats() for subscription in table.subscriptions]

    def subscription(
        self,
        plugin: str,
        pattern: str,
        handler: Handler,
        *,
        when_full: WhenFull,
        mailbox: int | None,
    ) -> Subscription:
        """Make a subscription that nobody sees yet; `PluginEventBus` enters it."""
        return Subscription(
            plugin,
            pattern,
            handler,
            number=next(self._numbers),
            when_full=when_full,
            size=self._mailbox if mailbox is None else mailbox,
            faults=self._failures.faults,
            strays=self._failures.strays,
            busy=self._busy,
        )

    async def _wait(
        self, letter: Letter, full: list[Subscription], *, handled: bool, seconds: float
    ) -> list[Subscription]:
        """Wait for room, then for the handlers; give those who had no room in time."""
        delivery, context = letter
        waits = [(s, s.wait((delivery, context.copy()))) for s in full]
        refused: list[Subscription] = []
        try:
            with anyio.move_on_after(seconds):
                for _, waiting in waits:
                    await waiting.taken.wait()
                if handled:
                    await delivery.done.wait()
        finally:
            for subscription, waiting in waits:
                if not waiting.taken.is_set:
                    subscription.mailbox.give_up(waiting)
                    delivery.handled()
                    refused.append(subscription)
        return refused

    def __repr__(self) -> str:
        table = self._selector.current.part(SUBSCRIPTIONS)
        return f"<EventBus: {len(table.subscriptions)} subscriptions, {len(self._busy)} busy>"


def _mailbox_full(event: Event, full: list[Subscription], seconds: float) -> MailboxFull:
    return MailboxFull(
        event.type,
        [(s.plugin, s.pattern.text) for s in full],
        size=full[0].mailbox.size,
        seconds=seconds,
    )
