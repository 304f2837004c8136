"""Headers of the response: several of one name, one instead of several, none changed in place."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from .drive import House, ask, hello, passing


async def test_cookies_stay_several(house: House) -> None:
    async def endpoint(request: Request) -> Response:
        response = PlainTextResponse("x")
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    async def another(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.set_cookie("c", "3")
        response.headers["x-seen"] = str(len(response.headers.getlist("set-cookie")))
        return response

    answer = await ask(house.around(Starlette(routes=[Route("/", endpoint)]), another, passing))

    cookies = [value.partition(";")[0] for name, value in answer.pairs if name == "set-cookie"]
    assert cookies == ["a=1", "b=2", "c=3"]
    assert answer.headers["x-seen"] == "3"


async def test_setting_one_replaces_all_and_appending_adds(house: House) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"X-Many", b"1"), (b"other", b"o"), (b"x-many", b"2"), (b"vary", b"accept")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def changing(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-MANY"] = "only"
        response.headers.append("x-new", "1")
        response.headers.append("x-new", "2")
        response.headers.add_vary_header("origin")
        return response

    answer = await ask(house.around(app, changing))

    assert answer.pairs == [
        ("x-many", "only"),
        ("other", "o"),
        ("vary", "accept, origin"),
        ("x-new", "1"),
        ("x-new", "2"),
    ]


async def test_the_applications_own_message_is_not_changed(house: House) -> None:
    start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"1")]}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    async def changing(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["a"] = "2"
        response.status_code = 201
        return response

    host = house.around(app, changing)
    answers = [await ask(host), await ask(host)]

    assert start == {"type": "http.response.start", "status": 200, "headers": [(b"a", b"1")]}
    assert [answer.headers["a"] for answer in answers] == ["2", "2"]


async def test_nothing_changed_the_server_gets_the_applications_own_message(house: House) -> None:
    start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"A", b"1")]}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    answer = await ask(house.around(app, passing, passing))

    assert answer.starts[0] is start


async def test_a_value_that_is_no_text_is_the_plugins_fault(house: House) -> None:
    async def wrong(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-count"] = 5
        return response

    answer = await ask(house.around(hello, wrong))

    assert answer.status == 500
    assert len(house.faults("p0")) == 1
