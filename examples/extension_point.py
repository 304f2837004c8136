"""A service with an extension point of its own, which plugins answer: a FILTER for prices.

Run it:
    python examples/extension_point.py

Prints:
    100 becomes 95.2
    discount: 80.0
    taxes: 95.2
"""

from __future__ import annotations

import anyio

from marty_chassis import Chassis
from marty_chassis.plugins import ExtensionPoint, ExtensionPointType, IPlugin, PluginContext, plugin

PRICE = ExtensionPoint(
    name="shop.price",
    type=ExtensionPointType.FILTER,
    description="Change the price that a customer is asked for",
    parameters={"price": "float"},
    return_type="float",
)


@plugin(name="discount", version="1.0.0")
class Discount(IPlugin):
    async def initialize(self, context: PluginContext) -> None:
        context.extension_points.register_handler("shop.price", self.less, priority=10)

    async def less(self, price: float) -> float:
        return price * 0.8


@plugin(name="taxes", version="1.0.0")
class Taxes(IPlugin):
    async def initialize(self, context: PluginContext) -> None:
        context.extension_points.register_handler("shop.price", self.more, priority=20)

    def more(self, price: float) -> float:  # a plain function does, too
        return price * 1.19


async def main() -> None:
    chassis = Chassis(plugins=[Taxes(), Discount()])
    chassis.extension_points.register_extension_point(PRICE)

    async with chassis:
        price = await chassis.extension_points.call("shop.price", 100.0)
        print(f"100 becomes {price:g}")
        for answer in await chassis.extension_points.call_detailed("shop.price", 100.0):
            print(f"{answer.plugin}: {answer.value:.1f}")


if __name__ == "__main__":
    anyio.run(main)
