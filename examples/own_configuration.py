"""A plugin with a configuration of its own, checked by its own model, and a background task.

Run it:
    python examples/own_configuration.py

Prints:
    polling https://stock.example every 0.01 s
    polled 3 times
    stock with every=-1: error in configure
"""

from __future__ import annotations

import anyio
from pydantic import BaseModel, Field, SecretStr

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.plugins import IPlugin, PluginContext, plugin


class StockSettings(BaseModel):
    """The section `plugins: {stock: ...}`, or MARTY_PLUGINS__STOCK__URL in the environment."""

    url: str
    key: SecretStr
    every: float = Field(default=60, gt=0)


@plugin(name="stock", version="1.0.0", config_schema=StockSettings)
class Stock(IPlugin):
    async def initialize(self, context: PluginContext) -> None:
        self.settings: StockSettings = context.plugin_config
        self.polls = 0
        self.enough = anyio.Event()

    async def start(self) -> None:
        print(f"polling {self.settings.url} every {self.settings.every} s")
        # Ends when the plugin stops. If it raises, the plugin turns to ERROR and nothing else does.
        self.context.tasks.start(self.poll)

    async def poll(self) -> None:
        while True:
            self.polls += 1
            if self.polls == 3:
                self.enough.set()
            await anyio.sleep(self.settings.every)


def configured(every: float) -> ChassisConfig:
    section = {"url": "https://stock.example", "key": "s3cret", "every": every}
    return ChassisConfig(plugins={"stock": section})


async def main() -> None:
    stock = Stock()
    async with Chassis(configured(every=0.01), plugins=[stock]):
        await stock.enough.wait()
    print("polled", stock.polls, "times")

    async with Chassis(configured(every=-1), plugins=[Stock()]) as chassis:
        status = await chassis.plugin_manager.status("stock")
        print("stock with every=-1:", status.state.value, "in", status.phase)


if __name__ == "__main__":
    anyio.run(main)
