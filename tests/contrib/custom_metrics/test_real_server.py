"""Behind a real uvicorn: clients that leave, and figures that are right all the same."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx2
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.contrib.request_tracing import RequestTracing
from marty_chassis.plugins import IMiddlewarePlugin, plugin

from ...embedding.serving import served
from .conftest import OPENMETRICS, Scraped


@plugin(name="passing")
class Passing(IMiddlewarePlugin):
    """So that the application and the plugins are in tasks of their own."""

    async def process_request(self, request: Any, call_next: Any) -> Any:
        return await call_next(request)


def until(look: Callable[[], bool], what: Callable[[], object]) -> None:
    ends = time.monotonic() + 10
    while not look():
        assert time.monotonic() < ends, what()
        time.sleep(0.01)


@pytest.mark.parametrize("others", [[], [Passing], [Passing, RequestTracing]])
def test_a_client_that_leaves_in_the_middle_of_a_stream_has_been_served_so_far(
    others: list[Any],
) -> None:
    app = FastAPI()

    @app.get("/streams/{name}")
    async def stream(name: str) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"piece"
                await anyio.sleep(0.005)

        return StreamingResponse(pieces())

    plugins = {"entry_points": "none", "custom-metrics": {}}
    config = ChassisConfig.load(None, {"management": {"token": "t"}, "plugins": plugins})
    headers = {"authorization": "Bearer t", "accept": OPENMETRICS}
    with served(Chassis(config, plugins=others).wrap(app)) as address, address.client() as client:

        def seen() -> Scraped:
            return Scraped(client.get("/-/marty/metrics", headers=headers).text)

        with httpx2.stream("GET", f"{address.url}/streams/one") as response:
            pieces = response.iter_bytes()  # Kept: with it the connection would be closed.
            next(pieces)
            under_way = seen()
        until(lambda: seen()("http_requests_in_progress") == 0, lambda: seen().text)
        after = seen()

    labels = {"method": "GET", "route": "/streams/{name}"}
    assert under_way("http_requests_in_progress", method="GET") == 1
    assert after("http_requests_total", status="200", **labels) == 1
    assert after("http_request_duration_seconds_count", **labels) == 1
    assert after.of("http_response_size_bytes_sum", **labels)[0] >= 5
