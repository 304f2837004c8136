"""One id from the client through the application, its log and its events, back to the client.

Run it:
    python examples/request_tracing/service.py

Prints:
    [order-42] soup is cooked
    [order-42] and somebody else sees to the table
    answered: order-42, after less than a second: True
    the trace goes on: True, with a new sender: True
    an id that is none is replaced: True
    request.completed: GET /dishes/{dish} 200 of order-42
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, ClassVar

import anyio
from loguru import logger
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from marty_chassis import create_app
from marty_chassis.plugins import IEventHandlerPlugin, plugin

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SENDER = "00f067aa0ba902b7"


async def lay_the_table() -> None:
    logger.info("and somebody else sees to the table")


async def cook(request: Request) -> JSONResponse:
    logger.info("{} is cooked", request.path_params["dish"])
    async with anyio.create_task_group() as group:
        group.start_soon(lay_the_table)
    return JSONResponse(
        {"id": request.state.correlation_id, "traceparent": request.headers["traceparent"]}
    )


@plugin(name="waiter", version="1.0.0")
class Waiter(IEventHandlerPlugin):
    """Listens to how requests end."""

    ended: ClassVar[list[str]] = []

    def get_event_subscriptions(self) -> dict[str, str]:
        return {"request.*": "note"}

    async def note(self, event_type: str, event_data: dict[str, Any]) -> None:
        found = "{method} {route} {status} of {correlation_id}".format_map(event_data)
        self.ended.append(f"{event_type}: {found}")


app = create_app(
    Path(__file__).parent / "config.yaml",
    plugins=[Waiter],
    routes=[Route("/dishes/{dish}", cook)],
)

if __name__ == "__main__":
    logging.disable()
    logger.remove()
    form = "[{extra[correlation_id]}] {message}"
    logger.add(sys.stdout, format=form, filter=lambda line: "correlation_id" in line["extra"])
    with TestClient(app) as client:
        sent = {
            "X-Correlation-ID": "order-42",
            "traceparent": f"00-{TRACE}-{SENDER}-01",
        }
        answer = client.get("/dishes/soup", headers=sent)
        took = float(answer.headers["x-processing-time"])
        print(
            f"answered: {answer.headers['x-correlation-id']}, after less than a second:", took < 1
        )
        _, trace, sender, _ = answer.json()["traceparent"].split("-")
        print(f"the trace goes on: {trace == TRACE}, with a new sender: {sender != SENDER}")

        logger.remove()
        answer = client.get("/dishes/soup", headers={"X-Correlation-ID": "not an id"})
        print("an id that is none is replaced:", answer.json()["id"] != "not an id")
    # Whoever has stopped has handled all events before.
    print(Waiter.ended[0])
