"""What a plugin's author writes around `call_next` without thinking of tasks works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .drive import House, ask, hello, http_scope, passing

COLOUR: ContextVar[str] = ContextVar("colour", default="none")


async def streamed(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"%d" % number
            await anyio.lowlevel.checkpoint()

    return StreamingResponse(chunks(), headers={"x-colour": COLOUR.get()})


async def plain(request: Request) -> Response:
    return PlainTextResponse(COLOUR.get())


app = Starlette(routes=[Route("/stream", streamed), Route("/plain", plain)])


@pytest.mark.parametrize("path", ["/stream", "/plain"])
async def test_a_timeout_around_a_response(house: House, path: str) -> None:
    async def limited(request: Any, call_next: Any) -> Any:
        with anyio.fail_after(5):
            return await call_next(request)

    answer = await ask(house.around(app, limited, limited), path)

    assert answer.status == 200
    assert answer.complete
    assert house.faults("p0") == []


@pytest.mark.parametrize("path", ["/stream", "/plain"])
async def test_a_lock_held_across_the_rest(house: House, path: str) -> None:
    lock = anyio.Lock()

    async def one_at_a_time(request: Any, call_next: Any) -> Any:
        async with lock:
            return await call_next(request)

    host = house.around(app, one_at_a_time)
    first, second = await ask(host, path), await ask(host, path)

    assert (first.status, second.status) == (200, 200)
    assert not lock.locked()


async def test_a_task_group_around_the_rest(house: House) -> None:
    ticks: list[int] = []

    async def beside(request: Any, call_next: Any) -> Any:
        async def tick() -> None:
            ticks.append(1)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            return await call_next(request)

    answer = await ask(house.around(app, beside), "/stream")

    assert answer.body == b"012"
    assert ticks == [1]


@pytest.mark.parametrize("path", ["/stream", "/plain"])
async def test_a_variable_set_before_and_reset_after(house: House, path: str) -> None:
    async def coloured(request: Any, call_next: Any) -> Any:
        token = COLOUR.set("red")
        response = await call_next(request)
        assert COLOUR.get() == "red"
        COLOUR.reset(token)
        assert COLOUR.get() == "none"
        return response

    answer = await ask(house.around(app, coloured), path)

    assert answer.status == 200
    assert house.faults("p0") == []
    assert answer.headers.get("x-colour") == "red" or answer.body == b"red"


async def test_a_variable_that_a_plugin_sets_is_seen_by_all_that_the_application_does(
    house: House,
) -> None:
    seen: list[str] = []

    async def endpoint(request: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            seen.append(COLOUR.get())
            yield b"x"
            await anyio.lowlevel.checkpoint()
            seen.append(COLOUR.get())

        async def afterwards() -> None:
            seen.append(COLOUR.get())

        from starlette.background import BackgroundTask

        seen.append(COLOUR.get())
        return StreamingResponse(chunks(), background=BackgroundTask(afterwards))

    async def coloured(request: Any, call_next: Any) -> Any:
        token = COLOUR.set("red")
        try:
            return await call_next(request)
        finally:
            COLOUR.reset(token)

    host = house.around(Starlette(routes=[Route("/", endpoint)]), coloured)
    await ask(host)

    assert seen == ["red"] * 4
    assert COLOUR.get() == "none"


@pytest.mark.parametrize("from_a_child_task", [True, False])
async def test_a_variable_that_the_application_sets_is_seen_after_call_next(
    house: House, from_a_child_task: bool
) -> None:
    seen: list[str] = []

    async def setting(scope: Scope, receive: Receive, send: Send) -> None:
        COLOUR.set("green")
        if from_a_child_task:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(hello, scope, receive, send)
        else:
            await hello(scope, receive, send)

    async def looking(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(COLOUR.get())
        return response

    await ask(house.around(setting, looking, looking))

    assert seen == ["green", "green"]


async def test_nothing_that_a_plugin_sets_leaks_to_the_caller(house: House) -> None:
    async def coloured(request: Any, call_next: Any) -> Any:
        COLOUR.set("red")
        return await call_next(request)

    await ask(house.around(hello, coloured))

    assert COLOUR.get() == "none"


async def test_what_the_application_set_itself_stays_as_without_us(house: House) -> None:
    async def setting(scope: Scope, receive: Receive, send: Send) -> None:
        COLOUR.set("green")
        await hello(scope, receive, send)

    async def coloured(request: Any, call_next: Any) -> Any:
        COLOUR.set("red")
        return await call_next(request)

    try:
        await ask(house.around(setting, coloured))

        assert COLOUR.get() == "green"
    finally:
        COLOUR.set("none")


async def test_a_timeout_stops_the_endpoint_and_waits_for_it(house: House) -> None:
    happened: list[str] = []

    async def slow(request: Request) -> Response:
        try:
            await anyio.sleep(30)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            happened.append("endpoint cleaned up")
            raise
        return PlainTextResponse("late")

    async def limited(request: Any, call_next: Any) -> Any:
        try:
            with anyio.fail_after(0.02):
                return await call_next(request)
        except TimeoutError:
            happened.append("plugin gave up")
            return JSONResponse({"error": "too slow"}, 504)

    answer = await ask(house.around(Starlette(routes=[Route("/", slow)]), limited, passing))

    assert answer.status == 504
    assert happened == ["endpoint cleaned up", "plugin gave up"]
    assert answer.error is None
    assert house.faults("p0") == []


async def test_what_is_shielded_in_the_endpoint_is_not_interrupted(house: House) -> None:
    happened: list[str] = []

    async def saving(request: Request) -> Response:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.03)
            happened.append("saved")
        await anyio.sleep(30)
        return PlainTextResponse("late")

    async def limited(request: Any, call_next: Any) -> Any:
        with anyio.move_on_after(0.01):
            return await call_next(request)
        return PlainTextResponse("gave up", 504)

    answer = await ask(house.around(Starlette(routes=[Route("/", saving)]), limited))

    assert answer.status == 504
    assert happened == ["saved"]


async def test_waiting_between_the_phases(house: House) -> None:
    async def waiting(request: Any, call_next: Any) -> Any:
        await anyio.sleep(0.001)
        response = await call_next(request)
        await anyio.sleep(0.001)
        response.headers["x-waited"] = "twice"
        return response

    answer = await ask(house.around(app, waiting, waiting), "/stream")

    assert answer.headers["x-waited"] == "twice"
    assert answer.body == b"012"


async def test_many_requests_at_once_do_not_meet(house: House) -> None:
    async def marked(request: Any, call_next: Any) -> Any:
        mark = request.headers["x-mark"]
        COLOUR.set(mark)
        await anyio.lowlevel.checkpoint()
        response = await call_next(request)
        assert COLOUR.get() == mark
        response.headers["x-mark"] = mark
        return response

    host = house.around(app, marked)
    marks: list[tuple[str, bytes]] = []

    async def one(mark: str) -> None:
        answer = await ask(host, "/plain", headers=[("x-mark", mark)])
        marks.append((answer.headers["x-mark"], answer.body))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, str(number))

    assert sorted(marks) == sorted((str(n), str(n).encode()) for n in range(20))


async def test_the_scope_of_the_server_is_as_it_was(house: House) -> None:
    async def changing(request: Any, call_next: Any) -> Any:
        request.headers["x-user"] = "plugin"
        request.state.user = "plugin"
        request.scope["path"] = "/plain"
        return await call_next(request)

    scope = http_scope("/elsewhere", headers=[("x-user", "client")])
    headers = scope["headers"]
    before = list(headers)

    from .drive import Server

    answer = await Server(scope).serve(house.around(app, changing))

    assert answer.status == 200
    assert scope["path"] == "/elsewhere"
    assert scope["headers"] is headers
    assert headers == before
