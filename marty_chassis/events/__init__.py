"""The event bus: each subscriber has a mailbox and an order of its own."""

from .bus import EventBus
from .event import Event
from .handle import Ledger, PluginEventBus
from .pattern import Pattern
from .subscription import Subscription, SubscriptionStats, WhenFull
from .table import SUBSCRIPTIONS, Table
from .taking import Handler
from .transport import EventTransport

__all__ = [
    "SUBSCRIPTIONS",
    "Event",
    "EventBus",
    "EventTransport",
    "Handler",
    "Ledger",
    "Pattern",
    "PluginEventBus",
    "Subscription",
    "SubscriptionStats",
    "Table",
    "WhenFull",
]
