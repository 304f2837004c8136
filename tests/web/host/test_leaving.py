"""Clients go, servers give up: nothing goes on alone, and nothing is left behind."""

from __future__ import annotations

import contextlib
import gc
import weakref
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .drive import House, Server, ask, hello, http_scope, passing


class Ticks:
    """A stream without end; no generator, as Starlette does not close those."""

    def __aiter__(self) -> Ticks:
        return self

    async def __anext__(self) -> bytes:
        await anyio.sleep(0.001)
        return b"data: tick\n\n"


async def events(request: Request) -> Response:
    return StreamingResponse(Ticks(), media_type="text/event-stream")


app = Starlette(routes=[Route("/events", events)])


async def test_a_stream_without_end_ends_when_its_client_goes(house: House) -> None:
    server = Server(http_scope("/events"))

    with anyio.fail_after(2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, house.around(app, passing, passing))
            await server.has_sent(3)
            server.gone.set()

    assert server.answer.error is None
    assert len(server.answer.chunks) > 1
    assert not server.answer.complete


async def test_the_first_chunk_is_not_kept_back(house: House) -> None:
    go_on = anyio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"second"})

    server = Server(http_scope())
    with anyio.fail_after(2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, house.around(slow, passing))
            await server.has_sent(1)
            assert server.answer.body == b"first"
            go_on.set()

    assert server.answer.body == b"firstsecond"


async def test_background_tasks_run_after_the_response(house: House) -> None:
    happened: list[object] = []
    server = Server(http_scope())

    async def note() -> None:
        happened.append(server.answer.complete)

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("x", background=BackgroundTask(note))

    await server.serve(house.around(Starlette(routes=[Route("/", endpoint)]), passing))

    assert happened == [True]


@pytest.mark.parametrize("where", ["plugin before", "application", "plugin after", "stream"])
async def test_the_server_gives_up_and_both_sides_are_cancelled(house: House, where: str) -> None:
    happened: list[str] = []
    reached = anyio.Event()

    async def waits(here: str) -> None:
        if here == where:
            reached.set()
            try:
                await anyio.sleep(30)
            finally:
                happened.append(f"{here} cancelled")

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await waits("application")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await waits("stream")
        await send({"type": "http.response.body", "body": b""})

    async def plugin(request: Any, call_next: Any) -> Any:
        try:
            await waits("plugin before")
            response = await call_next(request)
            await waits("plugin after")
            return response
        finally:
            happened.append("plugin left")

    server = Server(http_scope())
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            host = house.around(slow, plugin)
            tasks.start_soon(host, server.scope, server.receive, server.send)
            await reached.wait()
            tasks.cancel_scope.cancel()

    assert sorted(happened) == sorted([f"{where} cancelled", "plugin left"])
    assert house.faults("p0") == []
    assert len(house.manager.failures.strays) == 0


async def test_a_native_cancellation_is_as_good(house: House, anyio_backend: str) -> None:
    if anyio_backend == "trio":
        pytest.skip("asyncio's")
    import asyncio

    happened: list[str] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await anyio.sleep(30)
        finally:
            happened.append("application")

    async def plugin(request: Any, call_next: Any) -> Any:
        try:
            return await call_next(request)
        finally:
            happened.append("plugin")

    server = Server(http_scope())
    host = house.around(slow, plugin)
    task = asyncio.ensure_future(host(server.scope, server.receive, server.send))
    await asyncio.sleep(0.01)
    task.cancel("the server shuts down")
    with pytest.raises(asyncio.CancelledError):
        await task

    assert happened == ["application", "plugin"]


async def test_a_plugin_that_will_not_leave_is_left_behind_and_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from marty_chassis.web import exchange

    monkeypatch.setattr(exchange, "GRACE", 0.01)
    let_go = anyio.Event()

    async def clinging(request: Any, call_next: Any) -> Any:
        # Shielded for trio, and again and again for asyncio.
        with anyio.CancelScope(shield=True):
            while not let_go.is_set():
                with contextlib.suppress(BaseException):
                    await let_go.wait()
        return await call_next(request)

    with anyio.fail_after(2), anyio.move_on_after(0.01):
        server = Server(http_scope())
        await house.around(hello, clinging)(server.scope, server.receive, server.send)

    names = house.manager.failures.strays.names()
    let_go.set()
    assert names == ("marty plugins",)
    await anyio.sleep(0.01)
    assert len(house.manager.failures.strays) == 0


@pytest.mark.parametrize("kind", ["plain", "stream", "raises", "fault", "replaced"])
async def test_a_request_leaves_nothing_for_the_collector(house: House, kind: str) -> None:
    kept: list[weakref.ref[Any]] = []

    async def endpoint(request: Request) -> Response:
        if kind == "raises":
            raise ValueError
        return PlainTextResponse("x")

    async def plugin(request: Any, call_next: Any) -> Any:
        kept.append(weakref.ref(request))
        request.headers["x"] = "1"
        response = await call_next(request)
        kept.append(weakref.ref(response))
        response.headers["x"] = "1"
        if kind == "fault":
            raise ValueError
        return PlainTextResponse("mine") if kind == "replaced" else response

    host = house.around(Starlette(routes=[Route("/", endpoint)]), plugin)
    await ask(host)
    kept.clear()
    gc.collect()
    gc.disable()
    try:
        answer = await ask(host)
        answer.error = None
        await anyio.lowlevel.checkpoint()

        if kind in ("plain", "stream"):
            assert [ref() for ref in kept] == [None] * len(kept)
        gc.collect()
        assert [ref() for ref in kept] == [None] * len(kept)
    finally:
        gc.enable()


async def test_no_task_is_left_after_many_requests(house: House, anyio_backend: str) -> None:
    if anyio_backend == "trio":
        pytest.skip("asyncio counts its tasks")
    import asyncio

    host = house.around(app, passing, passing)
    before = len(asyncio.all_tasks())
    for _ in range(5):
        await ask(host, "/none")
    await asyncio.sleep(0)

    assert len(asyncio.all_tasks()) == before


async def test_a_request_that_is_given_up_while_its_plugin_turns_to_the_application(
    house: House,
) -> None:
    gates: list[anyio.Event] = []

    async def late(request: Any, call_next: Any) -> Any:
        await gates[-1].wait()
        return await call_next(request)

    host = house.around(hello, late)
    for _ in range(20):  # Which of the two tasks runs first is not said.
        gates.append(anyio.Event())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, host)
            await anyio.wait_all_tasks_blocked()
            gates[-1].set()
            tasks.cancel_scope.cancel()

    assert house.manager.failures.strays.names() == ()
