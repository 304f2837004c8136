"""A real FastAPI with plugins: its own routes, lifespan and documentation stay as they are.

Run it:
    python examples/fastapi_service.py

Prints:
    database opened
    {'order': 7, 'database': 'open'} in 1 request
    management in /openapi.json: True
    database closed
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from marty_chassis import create_fastapi_app
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_hookspecs import CallNext, Response
from marty_hookspecs import Request as PluginRequest


@plugin(name="counting", version="1.0.0")
class Counting(IMiddlewarePlugin):
    requests = 0

    async def process_request(self, request: PluginRequest, call_next: CallNext) -> Response:
        self.requests += 1
        response = await call_next(request)
        response.headers["x-requests"] = str(self.requests)
        return response


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    print("database opened")
    yield {"database": "open"}
    print("database closed")


app = create_fastapi_app(name="orders", plugins=[Counting()], lifespan=lifespan)


@app.get("/orders/{number}")
async def order(number: int, request: Request) -> dict[str, object]:
    return {"order": number, "database": request.state.database}


if __name__ == "__main__":
    with TestClient(app) as client:
        answer = client.get("/orders/7")
        print(answer.json(), "in", answer.headers["x-requests"], "request")
        paths = client.get("/openapi.json").json()["paths"]
        print("management in /openapi.json:", "/plugins/status" in paths)
