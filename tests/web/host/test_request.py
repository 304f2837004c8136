"""The request that a plugin gets: Starlette's, but its headers and its body can be changed."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from .drive import House, Server, ask, hello, http_scope, passing


async def echo_headers(request: Request) -> Response:
    return JSONResponse(request.headers.items())


async def echo_body(request: Request) -> Response:
    return JSONResponse(
        {
            "body": (await request.body()).decode(),
            "length": request.headers.get("content-length"),
            "coding": request.headers.get("transfer-encoding"),
        }
    )


app = Starlette(
    routes=[Route("/headers", echo_headers), Route("/body", echo_body, methods=["POST", "GET"])]
)


async def test_a_header_that_is_set_leaves_no_other_of_its_name(house: House) -> None:
    async def trusted(request: Any, call_next: Any) -> Any:
        request.headers["X-User"] = "plugin"
        return await call_next(request)

    sent = [("x-user", "mallory"), ("accept", "*/*"), ("X-USER", "eve"), ("x-user", "trudy")]
    answer = await ask(house.around(app, trusted), "/headers", headers=sent)

    assert [pair for pair in eval(answer.body) if pair[0] == "x-user"] == [["x-user", "plugin"]]
    assert ["accept", "*/*"] in eval(answer.body)


async def test_a_header_can_be_removed(house: House) -> None:
    async def removing(request: Any, call_next: Any) -> Any:
        del request.headers["Authorization"]
        assert request.headers.pop("x-none", "nothing") == "nothing"
        return await call_next(request)

    sent = [("authorization", "a"), ("AUTHORIZATION", "b"), ("x", "y")]
    answer = await ask(house.around(app, removing), "/headers", headers=sent)

    assert eval(answer.body) == [["x", "y"]]


async def test_every_plugin_and_the_application_see_what_was_set(house: House) -> None:
    seen: list[str] = []

    def naming(name: str) -> Any:
        async def process(request: Any, call_next: Any) -> Any:
            seen.append(request.headers.get("x-path", ""))
            request.headers["x-path"] = request.headers.get("x-path", "") + name
            return await call_next(request)

        return process

    answer = await ask(house.around(app, naming("a"), naming("b"), naming("c")), "/headers")

    assert seen == ["", "a", "ab"]
    assert eval(answer.body) == [["x-path", "abc"]]


async def test_nothing_changed_the_application_gets_the_servers_own_scope(house: House) -> None:
    got: list[Scope] = []

    async def keeping(scope: Scope, receive: Receive, send: Send) -> None:
        got.append(scope)
        await hello(scope, receive, send)

    async def looking(request: Any, call_next: Any) -> Any:
        assert request.headers.get("accept") == "*/*"
        assert request.url.path == "/"
        return await call_next(request)

    server = Server(http_scope(headers=[("accept", "*/*")]))
    await server.serve(house.around(keeping, looking, passing))

    assert got[0] is server.scope


async def test_state_is_shared_with_the_application(house: House) -> None:
    async def endpoint(request: Request) -> Response:
        request.state.from_app = "app"
        return PlainTextResponse(request.state.from_plugin)

    async def sharing(request: Any, call_next: Any) -> Any:
        request.state.from_plugin = "plugin"
        response = await call_next(request)
        response.headers["x-from-app"] = request.state.from_app
        return response

    without_state = http_scope()
    del without_state["state"]
    host = house.around(Starlette(routes=[Route("/", endpoint)]), sharing)

    for scope in (http_scope(), without_state):
        answer = await Server(scope).serve(host)
        assert answer.body == b"plugin"
        assert answer.headers["x-from-app"] == "app"


async def test_a_body_read_by_plugins_is_read_again_by_the_application(house: House) -> None:
    async def reading(request: Any, call_next: Any) -> Any:
        assert await request.body() == b"onetwo"
        return await call_next(request)

    async def streaming(request: Any, call_next: Any) -> Any:
        assert [chunk async for chunk in request.stream()] in (
            [b"onetwo", b""],
            [b"one", b"two", b""],
        )
        return await call_next(request)

    host = house.around(app, streaming, reading, streaming)
    answer = await ask(host, "/body", "POST", body=[b"one", b"two"])

    assert eval(answer.body.replace(b"null", b"None"))["body"] == "onetwo"


async def test_a_body_that_nobody_reads_streams_to_the_application(house: House) -> None:
    received: list[tuple[bytes, int]] = []
    server = Server(http_scope(method="POST"), [b"x" * 100_000] * 5)

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            received.append((message["body"], server.received))
            more = message["more_body"]
        await hello(scope, receive, send)

    answer = await server.serve(house.around(counting, passing))

    assert answer.status == 200
    assert [count for _, count in received] == [1, 2, 3, 4, 5]


async def test_the_application_gets_the_very_messages_that_a_plugin_had(house: House) -> None:
    got: list[Message] = []

    async def keeping(scope: Scope, receive: Receive, send: Send) -> None:
        while not got or got[-1]["more_body"]:
            got.append(await receive())
        await hello(scope, receive, send)

    async def peeking(request: Any, call_next: Any) -> Any:
        async with aclosing(request.stream()) as stream:
            assert await anext(stream) == b"a"
        return await call_next(request)

    await ask(house.around(keeping, peeking), method="POST", body=[b"a", b"", b"c"])

    assert [message["body"] for message in got] == [b"a", b"", b"c"]


@pytest.mark.parametrize("read_first", [True, False])
async def test_a_new_body_has_the_right_length(house: House, read_first: bool) -> None:
    async def replacing(request: Any, call_next: Any) -> Any:
        if read_first:
            await request.body()
        request.replace_body("näw")
        assert await request.body() == "näw".encode()
        return await call_next(request)

    sent = [("content-length", "6"), ("transfer-encoding", "chunked")]
    answer = await ask(house.around(app, replacing), "/body", "POST", sent, body=[b"old", b"old"])

    found = eval(answer.body.replace(b"null", b"None"))
    assert found == {"body": "näw", "length": "4", "coding": None}


async def test_a_new_body_is_decoded_anew(house: House) -> None:
    async def replacing(request: Any, call_next: Any) -> Any:
        assert await request.json() == {"old": 1}
        request.replace_body(b'{"new": 2}')
        assert await request.json() == {"new": 2}
        return await call_next(request)

    answer = await ask(house.around(app, replacing), "/body", "POST", body=[b'{"old": 1}'])

    assert answer.status == 200
    assert b"new" in answer.body


async def test_the_client_can_still_go_behind_a_new_body(house: House) -> None:
    heard: list[str] = []

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(2):
            heard.append((await receive())["type"])

    async def replacing(request: Any, call_next: Any) -> Any:
        request.replace_body(b"new")
        return await call_next(request)

    server = Server(http_scope(method="POST"), [b"old", b"old"])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, house.around(listening, replacing))
        await server.waiting.wait()
        server.gone.set()

    assert heard == ["http.request", "http.disconnect"]


async def test_a_client_that_goes_while_a_plugin_reads(house: House) -> None:
    caught: list[BaseException] = []

    async def reading(request: Any, call_next: Any) -> Any:
        try:
            await request.body()
        except ClientDisconnect as error:
            caught.append(error)
            raise
        return await call_next(request)

    server = Server(http_scope(method="POST"), [b"begun", b"never comes"])
    server._body.pop()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, house.around(hello, reading))
        await server.waiting.wait()
        server.gone.set()

    assert len(caught) == 1


async def test_asking_whether_the_client_is_there_loses_nothing(house: House) -> None:
    async def asking(request: Any, call_next: Any) -> Any:
        assert not await request.is_disconnected()
        return await call_next(request)

    answer = await ask(house.around(app, asking), "/body", "POST", body=[b"kept"])

    assert b"kept" in answer.body


@pytest.mark.skipif(
    not hasattr(Request, "send_early_hints"), reason="Starlette 1.3 knows no early hints"
)
async def test_early_hints_of_a_plugin_go_out_first(house: House) -> None:
    async def hinting(request: Any, call_next: Any) -> Any:
        await request.send_early_hints("</style.css>; rel=preload")
        return await call_next(request)

    answer = await ask(house.around(hello, hinting), extensions={"http.response.early_hint": {}})

    assert [message["type"] for message in answer.messages] == [
        "http.response.early_hint",
        "http.response.start",
        "http.response.body",
    ]


async def test_it_says_what_it_is(house: House) -> None:
    said: list[str] = []

    async def saying(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        said.extend([repr(request), repr(response), repr(request.content)])
        return response

    await ask(house.around(hello, saying), "/path", "POST")

    assert said[:2] == ["<PluginRequest POST /path>", "<AppResponse 200>"]
