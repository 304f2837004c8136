"""Every line that is logged while a request is answered has its ids, whoever logs it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest
from loguru import logger
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from marty_chassis.plugins import IEventHandlerPlugin, IMiddlewarePlugin, plugin
from marty_chassis.web.records import handed_on
from marty_hookspecs import CallNext

from .conftest import Host, said

THEIRS = {
    "X-Correlation-ID": "theirs",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
IDS = {"correlation_id": "theirs", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}


async def home(request: Request) -> PlainTextResponse:
    logger.info("in the application")
    logging.getLogger("theirs").info("through the standard library")

    async def child() -> None:
        logger.info("in a child task")

    async with anyio.create_task_group() as group:
        group.start_soon(child)
    await anyio.to_thread.run_sync(lambda: logger.info("in a thread"))
    return PlainTextResponse("", background=BackgroundTask(logger.info, "in the background"))


async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> Any:
        logger.info("in a stream")
        yield "one"

    return StreamingResponse(pieces())


APP = Starlette(routes=[Route("/", home), Route("/stream", stream)])


@plugin(name="inside")
class Inside(IMiddlewarePlugin, IEventHandlerPlugin):
    async def process_request(self, request: Any, call_next: CallNext) -> Any:
        self.logger.info("before the application")
        response = await call_next(request)
        self.logger.info("after the application")
        await self.context.event_bus.publish("inside.happened", source="inside")
        return response

    def get_event_subscriptions(self) -> dict[str, str]:
        return {"inside.happened": "note"}

    async def note(self, event_data: Any) -> None:
        self.logger.info("in a handler of an event")


@pytest.fixture(autouse=True)
def handed() -> Iterator[None]:
    with handed_on("theirs"):
        yield


async def test_every_line_of_a_request_has_its_ids(
    traced: Host, lines: list[dict[str, Any]]
) -> None:
    async with traced(app=APP, neighbours=[Inside]) as host:
        await host.client.get("/", headers=THEIRS)
        await host.client.get("/stream", headers=THEIRS)
        await host.events.wait_for("inside.happened", count=2)

    messages = (
        "in the application",
        "through the standard library",
        "in a child task",
        "in a thread",
        "in the background",
        "in a stream",
        "before the application",
        "after the application",
        "in a handler of an event",
    )
    for message in messages:
        found = [line for line in lines if line["message"] == message]
        assert found, message
        for line in found:
            assert IDS.items() <= line.items(), message


async def test_lines_outside_of_requests_have_none(
    traced: Host, lines: list[dict[str, Any]]
) -> None:
    async with traced(app=APP) as host:
        await host.client.get("/", headers=THEIRS)
        logger.info("afterwards")

    assert "correlation_id" not in said(lines, "afterwards")
    assert all("correlation_id" not in one for one in lines if one.get("plugin"))


async def test_a_request_without_a_trace_begins_one(
    traced: Host, lines: list[dict[str, Any]]
) -> None:
    async with traced(app=APP) as host:
        await host.client.get("/")

    assert len(said(lines, "in the application")["trace_id"]) == 32


async def test_a_trace_that_nobody_is_to_begin_is_in_no_line(
    traced: Host, lines: list[dict[str, Any]]
) -> None:
    async with traced(app=APP, traceparent=False) as host:
        await host.client.get("/")

    assert "trace_id" not in said(lines, "in the application")
