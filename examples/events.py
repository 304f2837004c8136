"""Plugins talk through events: one publishes, two listen, and nobody knows of the others.

Run it:
    python examples/events.py

Prints:
    mail: thanks for order 7
    order.placed by shop: {'number': 7}
    order.cancelled by shop: {'number': 7}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio

from marty_chassis import Chassis
from marty_chassis.events import Event
from marty_chassis.plugins import IEventHandlerPlugin, IPlugin, PluginContext, plugin


@plugin(name="shop", version="1.0.0")
class Shop(IPlugin):
    async def place(self, number: int) -> None:
        await self.context.event_bus.publish("order.placed", {"number": number})

    async def cancel(self, number: int) -> None:
        # wait=True returns when every subscriber has handled it.
        await self.context.event_bus.publish("order.cancelled", {"number": number}, wait=True)


@plugin(name="mail", version="1.0.0")
class Mail(IEventHandlerPlugin):
    def get_event_subscriptions(self) -> Mapping[str, str]:
        return {"order.placed": "thank"}

    async def thank(self, event_data: Mapping[str, Any]) -> None:
        print("mail: thanks for order", event_data["number"])


@plugin(name="audit", version="1.0.0")
class Audit(IPlugin):
    async def initialize(self, context: PluginContext) -> None:
        self.book: list[str] = []
        context.event_bus.subscribe("order.*", self.write_down)

    def write_down(self, event: Event) -> None:
        self.book.append(f"{event.type} by {event.source}: {event.data}")


async def main() -> None:
    audit, shop = Audit(), Shop()
    async with Chassis(plugins=[Mail(), audit, shop]):
        await shop.place(7)
        await shop.cancel(7)
    print(*audit.book, sep="\n")


if __name__ == "__main__":
    anyio.run(main)
