"""A plugin answers with a response of its own, before or instead of the application's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from marty_chassis.web import run

from .drive import House, Server, ask, hello, http_scope, passing


async def chunks(*given: bytes) -> AsyncIterator[bytes]:
    for chunk in given:
        yield chunk
        await anyio.lowlevel.checkpoint()


class Forever:
    """A stream without end; no generator, as Starlette does not close those."""

    def __aiter__(self) -> Forever:
        return self

    async def __anext__(self) -> bytes:
        return b"x"


RESPONSES = {
    "plain": lambda: PlainTextResponse("mine", 418),
    "json": lambda: JSONResponse({"mine": True}, 418),
    "redirect": lambda: RedirectResponse("/mine", 303),
    "stream": lambda: StreamingResponse(chunks(b"mi", b"ne"), 418),
    "empty": lambda: Response(status_code=204),
}


@pytest.mark.parametrize("kind", RESPONSES)
@pytest.mark.parametrize("asked", [True, False], ids=["after the application", "at once"])
async def test_any_kind_of_response(house: House, kind: str, asked: bool) -> None:
    async def replacing(request: Any, call_next: Any) -> Any:
        if asked:
            await call_next(request)
        return RESPONSES[kind]()

    answer = await ask(house.around(hello, passing, replacing))
    alone = await ask(RESPONSES[kind]())

    assert answer.messages == alone.messages
    assert answer.error is None


async def test_a_file(house: House, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("mine")

    async def replacing(request: Any, call_next: Any) -> Any:
        await call_next(request)
        return FileResponse(path)

    answer = await ask(house.around(hello, replacing))

    assert answer.body == b"mine"
    assert answer.headers["content-length"] == "4"


async def test_outer_plugins_may_change_it_like_any_other(house: House) -> None:
    async def stamping(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-stamped"] = "yes"
        response.set_cookie("a", "1")
        return response

    async def replacing(request: Any, call_next: Any) -> Any:
        return PlainTextResponse("mine")

    answer = await ask(house.around(hello, stamping, replacing))

    assert answer.headers["x-stamped"] == "yes"
    assert "set-cookie" in answer.headers
    assert answer.body == b"mine"


async def test_the_background_tasks_of_both_run_after_what_is_sent(house: House) -> None:
    happened: list[str] = []

    async def note(what: str) -> None:
        happened.append(what)

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("app", background=BackgroundTask(note, "the application's"))

    async def replacing(request: Any, call_next: Any) -> Any:
        await call_next(request)
        return PlainTextResponse("mine", background=BackgroundTask(note, "the plugin's"))

    app = Starlette(routes=[Route("/", endpoint)])
    server = Server(http_scope())
    sent = server.send

    async def noting(message: Any) -> None:
        happened.append(message["type"])
        await sent(message)

    server.send = noting  # type: ignore[method-assign]
    answer = await server.serve(house.around(app, replacing))

    assert answer.body == b"mine"
    assert happened == [
        "http.response.start",
        "http.response.body",
        "the plugin's",
        "the application's",
    ]


async def test_a_replaced_stream_goes_nowhere_and_hears_that_nobody_listens(house: House) -> None:
    happened: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"lost", "more_body": True})
        happened.append((await receive())["type"])
        await send({"type": "http.response.body", "body": b"lost"})
        happened.append("ended")

    async def replacing(request: Any, call_next: Any) -> Any:
        await call_next(request)
        return PlainTextResponse("mine")

    answer = await ask(house.around(app, replacing))

    assert answer.body == b"mine"
    assert len(answer.starts) == 1
    assert happened == ["http.disconnect", "ended"]


async def test_a_replaced_stream_without_end_is_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PATIENCE", 0.01)

    async def endpoint(request: Request) -> Response:
        return StreamingResponse(Forever())

    async def replacing(request: Any, call_next: Any) -> Any:
        await call_next(request)
        return PlainTextResponse("mine")

    # 2.4: Starlette does not listen for the disconnect, it expects an OSError.
    app = Starlette(routes=[Route("/", endpoint)])
    answer = await ask(house.around(app, replacing), spec="2.4")

    assert answer.body == b"mine"
    assert answer.error is None


async def test_a_response_around_the_body_of_the_application(house: House) -> None:
    happened: list[str] = []

    async def note() -> None:
        happened.append("background")

    async def endpoint(request: Request) -> Response:
        return StreamingResponse(chunks(b"a", b"b", b"c"), background=BackgroundTask(note))

    async def louder(request: Any, call_next: Any) -> Any:
        response = await call_next(request)

        async def upper() -> AsyncIterator[bytes]:
            async for chunk in response.body_iterator:
                yield chunk.upper()

        return StreamingResponse(upper(), response.status_code, dict(response.headers))

    app = Starlette(routes=[Route("/", endpoint)])
    answer = await ask(house.around(app, louder, louder))

    assert answer.body == b"ABC"
    assert answer.chunks == [b"A", b"B", b"C", b""]
    assert happened == ["background"]


async def test_a_response_of_ones_own_that_takes_only_some_of_the_body(house: House) -> None:
    async def first_only(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        async for chunk in response.body_iterator:
            return PlainTextResponse(chunk)
        return None

    async def endpoint(request: Request) -> Response:
        return StreamingResponse(Forever())

    answer = await ask(house.around(Starlette(routes=[Route("/", endpoint)]), first_only))

    assert answer.body == b"x"
    assert answer.complete


async def test_what_is_wrong_with_the_plugins_own_response_goes_to_the_server(
    house: House,
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise ValueError("in the middle")

    async def replacing(request: Any, call_next: Any) -> Any:
        await call_next(request)
        return StreamingResponse(broken())

    answer = await ask(house.around(hello, replacing))

    assert len(answer.starts) == 1
    assert not answer.complete
    assert answer.error is not None


@pytest.mark.parametrize("nonsense", [None, "text", 200, {"a": 1}, hello])
async def test_nonsense_is_the_fault_of_the_plugin_that_answered_it(
    house: House, nonsense: object
) -> None:
    async def senseless(request: Any, call_next: Any) -> Any:
        await call_next(request)
        return nonsense

    answer = await ask(house.around(hello, passing, senseless, passing))

    assert answer.status == 500
    assert house.faults("p1") == ["TypeError"]
    assert house.faults("p0") == house.faults("p2") == []


async def test_call_next_with_nonsense_is_a_fault_too(house: House) -> None:
    async def senseless(request: Any, call_next: Any) -> Any:
        return await call_next("request")

    answer = await ask(house.around(hello, senseless))

    assert answer.status == 500
    (fault,) = house.manager.faults.recent("p0")
    assert "the request that the plugin got" in fault.message


async def test_a_request_of_ones_own_is_run_as_it_is(house: House) -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def rewritten(request: Any, call_next: Any) -> Any:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"mine", "more_body": False}

        return await call_next(Request({**request.scope, "path": "/echo"}, receive))

    app = Starlette(routes=[Route("/echo", echo, methods=["POST"])])
    answer = await ask(house.around(app, rewritten), "/other", "POST", body=[b"theirs"])

    assert answer.body == b"mine"


async def test_a_background_task_given_to_the_applications_response_runs(house: House) -> None:
    happened: list[str] = []

    async def note() -> None:
        happened.append("background")

    async def adding(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.background = BackgroundTask(note)
        return response

    answer = await ask(house.around(hello, adding))

    assert answer.body == b"hello"
    assert happened == ["background"]


async def test_the_response_is_one_of_starlettes(house: House) -> None:
    seen: list[object] = []

    async def looking(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(isinstance(response, Response))
        seen.append(isinstance(request, Request))
        seen.append(response.media_type)
        return response

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("x")

    await ask(house.around(Starlette(routes=[Route("/", endpoint)]), looking))

    assert seen == [True, True, "text/plain"]
