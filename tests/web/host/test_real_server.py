"""The same under a real uvicorn, which says ASGI 2.3: a stream's start comes from a child task."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic, sleep
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from .drive import House, passing

COLOUR: ContextVar[str] = ContextVar("colour", default="none")


@pytest.fixture
def anyio_backend() -> str:
    """uvicorn brings its own loop, in a thread of its own."""
    return "asyncio"


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve on a free port of this machine; gives the address, ends the server."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until = monotonic() + 5
    while not server.started and monotonic() < until:
        sleep(0.005)
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        listening.close()


async def plain(request: Request) -> Response:
    return PlainTextResponse(COLOUR.get())


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


async def streamed(request: Request) -> Response:
    async def chunks() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number} {COLOUR.get()} "
            await anyio.sleep(0.001)

    return StreamingResponse(chunks())


class Events:
    """A stream without end that notes when it was left."""

    left = threading.Event()

    async def __call__(self, request: Request) -> Response:
        async def ticks() -> AsyncIterator[str]:
            try:
                while True:
                    yield "data: tick\n\n"
                    await anyio.sleep(0.005)
            finally:
                self.left.set()

        return StreamingResponse(ticks(), media_type="text/event-stream")


async def slow(request: Request) -> Response:
    await anyio.sleep(30)
    return PlainTextResponse("late")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())
    await websocket.close()


def service(**more: Any) -> Starlette:
    return Starlette(
        routes=[
            Route("/plain", plain),
            Route("/echo", echo, methods=["POST"]),
            Route("/streamed", streamed),
            Route("/events", Events().__call__),
            Route("/slow", slow),
            WebSocketRoute("/talk", talk),
        ],
        **more,
    )


@pytest.mark.parametrize("path", ["/plain", "/streamed"])
def test_timeouts_locks_and_variables_around_call_next(house: House, path: str) -> None:
    locks: list[anyio.Lock] = []

    async def limited(request: Any, call_next: Any) -> Any:
        with anyio.fail_after(5):
            return await call_next(request)

    async def locked(request: Any, call_next: Any) -> Any:
        locks.append(anyio.Lock()) if not locks else None
        async with locks[0]:
            return await call_next(request)

    async def coloured(request: Any, call_next: Any) -> Any:
        token = COLOUR.set("red")
        response = await call_next(request)
        COLOUR.reset(token)
        response.headers["x-colour"] = COLOUR.get()
        return response

    with served(house.around(service(), limited, locked, coloured)) as address:
        answers = [httpx2.get(f"http://{address}{path}") for _ in range(3)]

    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["x-colour"] == "none"
        assert answer.text in ("red", "0 red 1 red 2 red ")
    assert [house.faults(f"p{n}") for n in range(3)] == [[], [], []]


def test_a_stream_without_end_ends_when_its_client_goes(house: House) -> None:
    Events.left.clear()

    with served(house.around(service(), passing, passing)) as address:
        with httpx2.stream("GET", f"http://{address}/events") as answer:
            chunks = answer.iter_raw()
            assert next(chunks).startswith(b"data: tick")
        assert Events.left.wait(5)


def test_a_timeout_stops_the_endpoint(house: House) -> None:
    async def limited(request: Any, call_next: Any) -> Any:
        with anyio.move_on_after(0.02):
            return await call_next(request)
        return PlainTextResponse("too slow", 504)

    with served(house.around(service(), limited)) as address, httpx2.Client() as client:
        began = monotonic()
        answers = [client.get(f"http://{address}/slow") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [504, 504]
    assert monotonic() - began < 5


def test_bodies_are_read_replaced_and_filtered_with_true_lengths(house: House) -> None:
    async def shouting(request: Any, call_next: Any) -> Any:
        request.replace_body((await request.body()) + b"!")
        response = await call_next(request)
        response.replace_body((await response.body()).upper())
        return response

    async def doubled(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.filter_body(lambda chunk: chunk * 2)
        return response

    host = house.around(service(), doubled, shouting)
    with served(host) as address, httpx2.Client() as client:
        answers = [
            client.post(f"http://{address}/echo", content=b"x" * size) for size in (1, 100_000)
        ]

    assert [len(answer.content) for answer in answers] == [4, 200_002]
    assert answers[0].text == "X!X!"


def test_a_fault_is_one_answer_and_the_connection_lives(house: House) -> None:
    async def broken(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        if request.headers.get("x-break"):
            raise ValueError("mine")
        return response

    with served(house.around(service(), broken)) as address, httpx2.Client() as client:
        answers = [
            client.get(f"http://{address}/streamed", headers={"x-break": "1"} if odd else {})
            for odd in (True, False, True)
        ]

    assert [answer.status_code for answer in answers] == [500, 200, 500]
    assert answers[0].headers["content-type"] == "application/problem+json"


def test_head_has_no_body(house: House) -> None:
    async def replacing(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.replace_body("another body")
        return response

    with served(house.around(service(), replacing)) as address, httpx2.Client() as client:
        answers = [client.request(way, f"http://{address}/plain") for way in ("HEAD", "GET")]

    assert [answer.text for answer in answers] == ["", "another body"]


def test_background_tasks_run_after_the_answer(house: House) -> None:
    done = threading.Event()

    async def note() -> None:
        await anyio.sleep(0.01)
        done.set()

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("x", background=BackgroundTask(note))

    app = Starlette(routes=[Route("/", endpoint)])
    with served(house.around(app, passing)) as address:
        assert httpx2.get(f"http://{address}/").text == "x"
        assert done.wait(5)


def test_websockets_pass(house: House) -> None:
    host = house.around(service(), passing)
    with served(host) as address, connect(f"ws://{address}/talk") as websocket:
        websocket.send("hello")
        assert websocket.recv(5) == "HELLO"
