"""Behind a real uvicorn: its own lines about a request have the request's ids, too."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_chassis.web.records import handed_on
from marty_hookspecs import CallNext

from ...embedding.serving import Address, served

THEIRS = {
    "X-Correlation-ID": "theirs",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
IDS = {"correlation_id": "theirs", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}


@pytest.fixture
def anyio_backend() -> str:
    """uvicorn runs on asyncio alone."""
    return "asyncio"


async def home(request: Request) -> PlainTextResponse:
    if request.query_params.get("boom"):
        raise ValueError("told to")
    return PlainTextResponse("home")


async def stream(request: Request) -> StreamingResponse:
    async def pieces() -> Any:
        yield "one"
        yield "two"

    return StreamingResponse(pieces())


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.state.correlation_id)
    await websocket.receive()  # until the client leaves


@plugin(name="doorman")
class Doorman(IMiddlewarePlugin):
    """So that every request passes through two tasks."""

    async def process_request(self, request: Any, call_next: CallNext) -> Any:
        if "refused" in request.query_params:
            return PlainTextResponse("", 401)
        return await call_next(request)


@pytest.fixture(params=["h11", "httptools"])
def server(request: pytest.FixtureRequest) -> Iterator[Address]:
    routes = [Route("/", home), Route("/stream", stream), WebSocketRoute("/ws", talk)]
    config = ChassisConfig(plugins={"entry_points": "none", "request-tracing": {}})
    app = Chassis(config, plugins=[Doorman()]).wrap(Starlette(routes=routes))
    with handed_on("uvicorn"), served(app, http=request.param) as address:
        yield address


def line_with(lines: list[dict[str, Any]], words: str) -> dict[str, Any]:
    """The one line that has these words; the server may write it after its answer."""
    ends = monotonic() + 5
    while not (found := [line for line in lines if words in line["message"]]):
        assert monotonic() < ends, f"nobody said {words!r}"
        sleep(0.005)
    (line,) = found
    return line


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/stream", 200), ("/none", 404), ("/?refused", 401)]
)
def test_the_access_line_has_the_ids_of_its_request(
    server: Address, lines: list[dict[str, Any]], path: str, status: int
) -> None:
    with server.client(**THEIRS) as client:
        answer = client.get(path)

    assert (answer.status_code, answer.headers["x-correlation-id"]) == (status, "theirs")
    line = line_with(lines, f'"GET {path} HTTP/1.1" {status}')
    assert IDS.items() <= line.items()


def test_the_traceback_that_the_server_logs_says_whose_it_is(
    server: Address, lines: list[dict[str, Any]]
) -> None:
    with server.client(**THEIRS) as client:
        answer = client.get("/?boom=1")

    assert (answer.status_code, answer.headers["x-correlation-id"]) == (500, "theirs")
    line = line_with(lines, "Exception in ASGI application")
    assert "ValueError: told to\ncorrelation_id: theirs\n" in line["text"]


def test_a_websocket_is_accepted_with_its_id_and_so_is_the_line_about_it(
    server: Address, lines: list[dict[str, Any]]
) -> None:
    url = f"ws://{server.host}:{server.port}/ws"
    with connect(url, additional_headers=THEIRS) as websocket:
        assert websocket.recv() == "theirs"
        assert websocket.response is not None
        assert websocket.response.headers["x-correlation-id"] == "theirs"

    assert IDS.items() <= line_with(lines, '"WebSocket /ws" [accepted]').items()


def test_a_client_that_leaves_in_the_middle_has_not_seen_a_failure() -> None:
    ended: list[str] = []

    async def endless(request: Request) -> StreamingResponse:
        async def pieces() -> Any:
            while True:
                yield b"x" * 65536
                await anyio.lowlevel.checkpoint()

        return StreamingResponse(pieces())

    @plugin(name="listens")
    class Listens(IMiddlewarePlugin):
        async def start(self) -> None:
            self.context.event_bus.subscribe("request.*", self.note)

        def note(self, event_type: str, event_data: Any) -> None:
            ended.append(f"{event_type}: {event_data.get('reason')}")

    config = ChassisConfig(plugins={"entry_points": "none", "request-tracing": {}})
    app = Chassis(config, plugins=[Listens()]).wrap(Starlette(routes=[Route("/", endless)]))
    with served(app) as address, address.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        connection.recv(1000)

    assert ended == ["request.aborted: disconnected"]
