"""`middleware.pre_request` and `middleware.post_response`, next to the application."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

from .drive import House, Processing, Server, ask, hello, http_scope


class Before:
    """A plugin of one function before the application."""

    def __init__(self, function: Any) -> None:
        self.function = function

    @hookimpl
    async def middleware_pre_request(self, request: Any) -> Any:
        return await self.function(request)


class After:
    """A plugin of one function after it."""

    def __init__(self, function: Any) -> None:
        self.function = function

    @hookimpl
    async def middleware_post_response(self, response: Any, request: Any) -> Any:
        return await self.function(response, request)


async def echo(request: Request) -> Response:
    body = (await request.body()).decode()
    return PlainTextResponse(f"{request.headers.get('x-before', '')}:{body}")


app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])

around = pytest.mark.parametrize("around", [False, True], ids=["alone", "inside a process"])


def host_of(house: House, around: bool, app: Any = app) -> Host:
    """With a plugin around, everything takes the way with two tasks."""

    async def process(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    if around:
        house.plugin("around", Processing(process))
    return Host(app, house.manager)


@around
async def test_they_change_request_and_response_in_their_order(house: House, around: bool) -> None:
    def before(name: str) -> Any:
        async def function(request: Any) -> Any:
            request.headers["x-before"] = request.headers.get("x-before", "") + name
            return request if name == "b" else None

        return Before(function)

    async def after(response: Any, request: Any) -> Any:
        response.headers["x-after"] = request.headers["x-before"]

    house.plugin("b", before("b"))
    house.plugin("a", before("a"))
    house.plugin("after", After(after))

    answer = await ask(host_of(house, around), method="POST", body=[b"body"])

    assert answer.body == b"ab:body"
    assert answer.headers["x-after"] == "ab"


@around
async def test_a_response_before_answers_at_once(house: House, around: bool) -> None:
    happened: list[str] = []

    async def refusing(request: Any) -> Any:
        return PlainTextResponse("no", 401)

    async def later(request: Any) -> Any:
        happened.append("later")

    async def after(response: Any, request: Any) -> Any:
        happened.append("after")

    house.plugin("a", Before(refusing))
    house.plugin("b", Before(later))
    house.plugin("c", After(after))

    answer = await ask(host_of(house, around))

    assert (answer.status, answer.body) == (401, b"no")
    assert happened == []


async def test_a_response_before_answers_at_once_where_nothing_else_is_hooked(
    house: House,
) -> None:
    async def refusing(request: Any) -> Any:
        return PlainTextResponse("no", 401)

    house.plugin("a", Before(refusing))

    assert (await ask(host_of(house, False))).status == 401


@around
async def test_a_body_read_before_is_read_again(house: House, around: bool) -> None:
    async def reading(request: Any) -> None:
        assert await request.body() == b"onetwo"

    house.plugin("a", Before(reading))

    answer = await ask(host_of(house, around), method="POST", body=[b"one", b"two"])

    assert answer.body == b":onetwo"


async def test_before_alone_needs_no_task_and_the_server_is_read_directly(house: House) -> None:
    got: list[Any] = []

    async def keeping(scope: Scope, receive: Receive, send: Send) -> None:
        # Each in `outside`, and in nothing else.
        got.extend([receive.args[-1], send.args[-1], anyio.get_current_task().id])  # type: ignore[attr-defined]
        await hello(scope, receive, send)

    async def looking(request: Any) -> None:
        got.append(anyio.get_current_task().id)

    house.plugin("a", Before(looking))
    server = Server(http_scope())
    await server.serve(Host(keeping, house.manager))

    assert got == [anyio.get_current_task().id, server.receive, server.send, got[0]]


@around
async def test_a_response_after_replaces_the_applications(house: House, around: bool) -> None:
    seen: list[bytes] = []

    async def replacing(response: Any, request: Any) -> Any:
        seen.append(await response.body())
        return PlainTextResponse("mine", 418)

    async def stamping(response: Any, request: Any) -> None:
        response.headers["x-stamped"] = str(response.status_code)

    house.plugin("a", After(replacing))
    house.plugin("b", After(stamping))

    answer = await ask(host_of(house, around))

    assert (answer.status, answer.body) == (418, b"mine")
    assert answer.headers["x-stamped"] == "418"
    assert seen == [b":"]


@around
async def test_the_body_can_be_rewritten_after(house: House, around: bool) -> None:
    async def shouting(response: Any, request: Any) -> None:
        response.replace_body((await response.body()) + b"!")

    house.plugin("a", After(shouting))

    answer = await ask(host_of(house, around))

    assert answer.body == b":!"
    assert answer.headers["content-length"] == "2"


@around
@pytest.mark.parametrize("side", [Before, After])
@pytest.mark.parametrize("wrong", ["raises", "nonsense"])
async def test_a_fault_is_answered_with_500_and_named(
    house: House, around: bool, side: Any, wrong: str
) -> None:
    async def broken(*arguments: Any) -> Any:
        if wrong == "raises":
            raise ValueError("mine")
        return 42

    async def fine(*arguments: Any) -> None:
        pass

    house.plugin("a", side(fine))
    house.plugin("b", side(broken))

    answer = await ask(host_of(house, around))

    assert answer.status == 500
    assert len(answer.starts) == 1
    assert house.faults("b") == (["ValueError"] if wrong == "raises" else ["TypeError"])
    assert house.faults("a") == house.faults("around") == []


@around
@pytest.mark.parametrize("side", [Before, After])
async def test_a_fault_of_an_open_plugin_is_left_out(house: House, around: bool, side: Any) -> None:
    async def broken(*arguments: Any) -> Any:
        raise ValueError("mine")

    house.plugin("open", side(broken), closed=False)
    host = host_of(house, around)

    answers = [await ask(host) for _ in range(8)]

    assert [answer.status for answer in answers] == [200] * 8
    assert len(house.faults("open")) == 5, "after that its breaker is open"


async def test_plain_functions_and_fewer_arguments_will_do(house: House) -> None:
    class Plain:
        @hookimpl
        def middleware_pre_request(self, request: Any) -> None:
            request.headers["x-before"] = "plain"

        @hookimpl
        def middleware_post_response(self, response: Any) -> None:
            response.headers["x-after"] = "plain"

    house.plugin("plain", Plain())

    answer = await ask(host_of(house, False))

    assert answer.body == b"plain:"
    assert answer.headers["x-after"] == "plain"


async def test_a_wrapper_means_nothing_here_and_is_named(house: House, logged: list[str]) -> None:
    class Wrapping:
        @hookimpl(wrapper=True)
        def middleware_post_response(self, response: Any) -> Any:
            return (yield)

    house.plugin("wrapping", Wrapping())
    host = host_of(house, False)

    answers = [await ask(host), await ask(host)]

    assert [answer.status for answer in answers] == [200, 200]
    (line,) = [line for line in logged if "wrapper=True" in line]
    assert "wrapping" in line
