"""Lines of JSON with the ids of their request, secrets masked, and an audit trail among them.

Run it:
    python examples/structured_logging/service.py

Prints:
    INFO order placed {'dish': 'soup', 'card.number': 3, 'card.pin': '***'}
    DEBUG soup for jo, paid with *** {'plugin': 'waiter'}
    INFO order.placed {'audit': True, 'event': 'order.placed', 'plugin': '(application)', 'data.dish': 'soup'}
    ERROR burnt {'exception_type': 'ValueError', 'exception_message': 'token=*** is too hot'}
"""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

from loguru import logger
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from marty_chassis import create_app
from marty_chassis.plugins import IPlugin, plugin


@plugin(name="waiter", version="1.0.0")
class Waiter(IPlugin):
    """Says much, and more than it should."""

    def bring(self, dish: str) -> None:
        key = self.context.get_config("payment_key")
        self.logger.debug(f"{dish} for jo, paid with {key}")


async def order(request: Request) -> PlainTextResponse:
    dish = request.path_params["dish"]
    logger.info("order placed", dish=dish, card={"number": 3, "pin": "1234"})
    logger.debug("too quiet to be written")
    app.state.chassis.plugins["waiter"].bring(dish)
    await app.state.chassis.event_bus.publish("order.placed", {"dish": dish}, wait=True)
    try:
        raise ValueError("token=abc123 is too hot")
    except ValueError:
        logger.exception("burnt")
    return PlainTextResponse("here you are")


app = create_app(
    Path(__file__).parent / "config.yaml",
    plugins=[Waiter],
    routes=[Route("/dishes/{dish}", order, methods=["POST"])],
)

EVERYWHERE = {"timestamp", "level", "message", "logger", "function", "line", "service", "version",
              "pid", "correlation_id", "trace_id", "exception_stack", "event_id"}  # fmt: skip


def shown(line: dict[str, Any]) -> str:
    more = {key: value for key, value in line.items() if key not in EVERYWHERE}
    return f"{line['level']} {line['message']} {more}"


if __name__ == "__main__":
    logging.disable()
    logger.remove()
    stdout, sys.stdout = sys.stdout, io.StringIO()
    with TestClient(app) as client:
        client.post("/dishes/soup", headers={"X-Correlation-ID": "order-42"})
    lines = [json.loads(line) for line in sys.stdout.getvalue().splitlines()]
    sys.stdout = stdout
    for line in lines:
        if line.get("correlation_id") == "order-42":
            print(shown(line))
