"""One plugin's own door to the event bus: `context.event_bus`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from marty_chassis.errors import EventError, ForeignSource
from marty_chassis.hooks import Registrations
from marty_chassis.settings.names import folded

from .event import Event, Extension
from .subscription import Subscription, WhenFull
from .table import SUBSCRIPTIONS
from .taking import Handler

if TYPE_CHECKING:
    from .bus import EventBus


class Entry(Protocol):
    """One thing that will be undone."""

    def strike(self) -> None:
        """It has been undone already."""
        ...


class Ledger(Protocol):
    """Where what a plugin opens is entered with what undoes it."""

    def enter(self, kind: str, undo: Callable[[], object], *, id: str | None = None) -> Entry:
        """Have this called when the plugin stops; raises when it has stopped already."""
        ...


class PluginEventBus:
    """Publishes in one plugin's name, and subscribes it; undone when the plugin stops."""

    def __init__(self, bus: EventBus, registrations: Registrations, ledger: Ledger) -> None:
        self._bus = bus
        self._registrations = registrations
        self._ledger = ledger
        self._entries: dict[Subscription, Entry] = {}

    async def publish(
        self,
        type: str,
        data: Any = None,
        *,
        source: str | None = None,
        wait: bool = False,
        seconds: float | None = None,
        extensions: Mapping[str, Extension] | None = None,
    ) -> Event:
        """Publish an event as `EventBus.publish` does; its source is the plugin's name.

        Raises `ForeignSource` for any other source.
        """
        plugin = self._registrations.plugin
        if source is not None and source != plugin and folded(source) != plugin:
            raise ForeignSource(plugin, source, type)
        return await self._bus.publish(
            type, data, source=plugin, wait=wait, seconds=seconds, extensions=extensions
        )

    def subscribe(
        self,
        pattern: str,
        handler: Handler,
        *,
        when_full: WhenFull = "wait",
        mailbox: int | None = None,
    ) -> Subscription:
        """Have a function called with each event of a type (`user.login`) or a pattern of types.

        In a pattern `*` stands for one word, `**` at the end for one or more, `*` alone for every
        event. The handler takes `event_data`, or `event_type` and `event_data`, or `event`. Its
        mailbox holds `mailbox` events, `events.mailbox` of the configuration when not given; a
        publisher who finds it full waits, or drops the event when `when_full` is "drop".
        Raises `InvalidEvent` and `WrongHandler`.
        """
        subscription = self._bus.subscription(
            self._registrations.plugin, pattern, handler, when_full=when_full, mailbox=mailbox
        )
        self._entries[subscription] = self._ledger.enter(
            "subscription",
            lambda: self._end(subscription),
            # Of its own: the next generation's subscription does not replace this one's mailbox.
            id=f"{subscription.number} to {pattern}",
        )
        self._registrations.add(SUBSCRIPTIONS, subscription)
        return subscription

    def subscribe_all(self, handlers: Mapping[str, Handler]) -> list[Subscription]:
        """Subscribe each handler to its pattern: an answer to `events.subscriptions`."""
        if not isinstance(handlers, Mapping):
            raise EventError(
                f"plugin {self._registrations.plugin!r} answered events.subscriptions with"
                f" {type(handlers).__name__}; return a mapping of patterns to handlers:"
                " {'user.*': self.note}."
            )
        return [self.subscribe(pattern, handler) for pattern, handler in handlers.items()]

    def unsubscribe(self, subscription: Subscription) -> None:
        """Take no more events; those in the mailbox are still handled (`drain` waits for that).

        One that has ended already is no error. Raises `EventError` for another plugin's.
        """
        if subscription.plugin != self._registrations.plugin:
            raise EventError(
                f"{subscription!r} cannot be ended by {self._registrations.plugin!r}."
                " Only who subscribed unsubscribes."
            )
        self._registrations.remove(SUBSCRIPTIONS, subscription)
        # Until then it stays in the ledger, so that a stop ends it.
        subscription.mailbox.when_idle(lambda: self._forget(subscription))

    async def drain(self, seconds: float) -> bool:
        """Wait until all that the plugin's subscriptions accepted has been handled.

        False when time is up. For the host, before it stops the plugin.
        """
        with anyio.move_on_after(seconds):
            while busy := [s for s in self._entries if s.mailbox.busy]:
                for subscription in busy:
                    await subscription.drain(seconds)
            return True
        return False

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What the plugin is subscribed to."""
        return self._registrations.entries(SUBSCRIPTIONS)

    def _forget(self, subscription: Subscription) -> None:
        if entry := self._entries.pop(subscription, None):
            entry.strike()

    def _end(self, subscription: Subscription) -> None:
        """What is undone at the stop: by then the mailbox is empty, or time was up."""
        self._entries.pop(subscription, None)
        self._registrations.remove(SUBSCRIPTIONS, subscription)
        subscription.close()

    def __repr__(self) -> str:
        return (
            f"<PluginEventBus of {self._registrations.plugin}: {len(self._entries)} subscriptions>"
        )
