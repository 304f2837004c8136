"""A `martyconf.py` beside the configuration: plugin functions without a class, found by name.

Run it:
    python examples/martyconf/service.py

Prints:
    x-service: orders
    tags: from-martyconf
    figures: {'queue_length': 3}
"""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx2

from marty_chassis import create_app
from marty_hookspecs import metrics_collect

app = create_app(Path(__file__).with_name("config.yaml"))


async def main() -> None:
    chassis = app.state.chassis
    async with chassis, httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        answer = await client.get("http://orders/")
        (found,) = await chassis.service_registry.discover({"name": "orders"})
        (figures,) = await chassis.hooks.ask(metrics_collect)
    print("x-service:", answer.headers["x-service"])
    print("tags:", *found["tags"])
    print("figures:", figures)


if __name__ == "__main__":
    anyio.run(main)
