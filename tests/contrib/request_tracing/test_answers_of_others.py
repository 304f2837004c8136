"""Whoever answers, the answer has its id: other plugins, their faults, the application's errors."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_chassis.testing import FailingNeighbour
from marty_hookspecs import CallNext, hookimpl
from marty_hookspecs.web import ASGIApp, Receive, Scope, Send

from .conftest import Host

THEIRS = {"X-Correlation-ID": "theirs"}


@plugin(name="doorman")
class Doorman(IMiddlewarePlugin):
    async def process_request(self, request: Any, call_next: CallNext) -> Any:
        return PlainTextResponse("who are you", 401)


@plugin(name="early")
class Early:
    @hookimpl(priority=1)
    def middleware_pre_request(self, request: Any) -> Any:
        return PlainTextResponse(request.headers["x-correlation-id"], 403)


@plugin(name="broken-layer")
class BrokenLayer:
    @hookimpl
    def web_wrap(self, app: ASGIApp) -> ASGIApp:
        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("in a layer")

        return broken


async def boom(request: Request) -> None:
    raise ValueError("of the application")


APP = Starlette(routes=[Route("/boom", boom)])


@pytest.mark.parametrize(
    ("other", "status"),
    [
        (Doorman, 401),
        (Early, 403),
        (FailingNeighbour(hook="middleware.process"), 500),
        (FailingNeighbour(hook="middleware.pre_request"), 500),
        (FailingNeighbour(hook="middleware.post_response"), 500),
        (BrokenLayer, 500),
    ],
    ids=["refuses", "answers early", "process", "pre_request", "post_response", "layer"],
)
async def test_the_answer_of_another_plugin_is_traced(
    traced: Host, other: Any, status: int
) -> None:
    closed = {"plugins": {"settings": {"failing-neighbour": {"failure_policy": "closed"}}}}
    async with traced(neighbours=[other], settings=closed) as host:
        answer = await host.client.get("/", headers=THEIRS)

        assert answer.status_code == status
        assert answer.headers["x-correlation-id"] == "theirs"
        assert float(answer.headers["x-processing-time"]) >= 0
        assert (await host.events.wait_for("request.*")).data["status"] == status


async def test_an_answer_of_the_application_that_went_wrong_is_traced(traced: Host) -> None:
    async with traced(app=APP) as host:
        assert (await host.client.get("/none", headers=THEIRS)).headers["x-correlation-id"] == (
            "theirs"
        )


async def test_the_error_of_the_application_says_whose_it_is(traced: Host) -> None:
    async with traced(app=APP) as host:
        with pytest.raises(ValueError, match="of the application") as raised:
            await host.client.get("/boom", headers=THEIRS)

        assert raised.value.__notes__ == ["correlation_id: theirs"]


async def test_an_error_that_is_raised_again_and_again_says_only_the_last(traced: Host) -> None:
    again = ValueError("always the same")
    again.add_note("somebody else's")

    async def raising(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raise again

    async with traced(app=raising) as host:
        for id in ("one", "two", "three"):
            with pytest.raises(ValueError, match="always"):
                await host.client.get("/", headers={"X-Correlation-ID": id})

        assert again.__notes__ == ["somebody else's", "correlation_id: three"]


async def test_the_management_is_not_traced(traced: Host) -> None:
    async with traced() as host:
        answer = await host.operator.get("/plugins/status", headers=THEIRS)

        assert answer.status_code == 200
        assert "x-correlation-id" not in answer.headers


async def test_other_plugins_see_the_id_as_the_application_does(traced: Host) -> None:
    seen: list[Any] = []

    @plugin(name="looks")
    class Looks(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: CallNext) -> Any:
            seen.append((request.headers["x-correlation-id"], request.state.correlation_id))
            return await call_next(request)

    async with traced(neighbours=[Looks]) as host:
        await host.client.get("/", headers=THEIRS)

    assert seen == [("theirs", "theirs")]


async def test_many_requests_at_once_keep_their_ids_apart(traced: Host) -> None:
    async def late(request: Request) -> JSONResponse:
        await anyio.lowlevel.checkpoint()
        return JSONResponse(request.state.correlation_id)

    async with traced(app=Starlette(routes=[Route("/", late)])) as host:

        async def ask(id: str) -> None:
            answer = await host.client.get("/", headers={"X-Correlation-ID": id})
            assert answer.json() == answer.headers["x-correlation-id"] == id

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, f"id-{number}")
