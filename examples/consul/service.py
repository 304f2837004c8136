"""A service that is registered in Consul, finds others there, and serves whether Consul does or not.

Run it:
    python examples/consul/service.py

Prints:
    payments: 200 []
    consul is away, and has: nothing

That is what it prints without an agent. With one (`consul agent -dev` in another terminal, or
CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN for yours) the last line is

    consul is here, and has: shop-1
"""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from marty_chassis import Chassis, create_app


async def payments(_: Request) -> JSONResponse:
    """Give who takes payments: passing instances, each with its address and whether it is stale."""
    return JSONResponse(await chassis.service_registry.discover({"name": "payments"}))


app = create_app(Path(__file__).parent / "config.yaml", routes=[Route("/payments", payments)])
chassis: Chassis = app.state.chassis


async def main() -> None:
    async with chassis, client() as asked:
        answer = await asked.get("/payments")
        print("payments:", answer.status_code, answer.json())

        consul = chassis.plugins.get("consul")
        while not (health := await consul.check_health())["registered"] and not health["away"]:
            await anyio.sleep(0.05)
        where = "away" if health["away"] else "here"
        print(f"consul is {where}, and has: {', '.join(health['registered']) or 'nothing'}")


def client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://shop")


if __name__ == "__main__":
    anyio.run(main)
