"""Where nobody runs the lifespan the first request starts the plugins, and says so once."""

from __future__ import annotations

import warnings
from typing import Any

import anyio
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from marty_chassis import Chassis, ChassisConfig, create_app
from marty_chassis.boundary import running_loop
from marty_chassis.plugins import IMiddlewarePlugin, plugin

QUIET = ChassisConfig(service={"advertise": "test:80"})


@plugin(name="clock", version="1.0.0")
class Clock(IMiddlewarePlugin):
    """Counts how often it started, and has a task that lives in the event loop."""

    def __init__(self) -> None:
        self.starts = 0
        self.loops: list[object] = []

    async def start(self) -> None:
        self.starts += 1
        self.context.tasks.start(self.tick)

    async def tick(self) -> None:
        self.loops.append(running_loop())
        await anyio.sleep_forever()

    async def process_request(self, request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-clock"] = str(self.starts)
        return response


def hello(request: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(clock: Clock) -> Starlette:
    return create_app(QUIET, plugins=[clock], routes=[Route("/", hello)])


def asked(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


async def test_the_first_request_starts_them_with_one_warning(app, clock) -> None:
    async with asked(app) as client:
        with pytest.warns(RuntimeWarning, match="lifespan was never run") as told:
            first = await client.get("/")
        second = await client.get("/")

    assert first.headers["x-clock"] == second.headers["x-clock"] == "1"
    assert len(told) == 1
    await app.state.plugin_manager.stop()


async def test_many_first_requests_at_once_wait_for_one_start(app, clock) -> None:
    answers: list[str] = []

    async def ask(client: httpx2.AsyncClient) -> None:
        answers.append((await client.get("/")).headers["x-clock"])

    async def all_at_once(client: httpx2.AsyncClient) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(ask, client)

    async with asked(app) as client:
        with pytest.warns(RuntimeWarning):
            await all_at_once(client)

    assert answers == ["1"] * 5
    await app.state.plugin_manager.stop()


async def test_while_they_start_the_application_waits_and_management_answers(app, clock) -> None:
    go = anyio.Event()
    clock.start = go.wait
    statuses: list[int] = []

    async def ask(client: httpx2.AsyncClient) -> None:
        statuses.append((await client.get("/")).status_code)

    async with asked(app) as client, anyio.create_task_group() as group:
        group.start_soon(app.state.chassis.__aenter__)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(ask, client)
        await anyio.wait_all_tasks_blocked()
        ready = (await client.get("/health/ready")).status_code
        assert statuses == []
        go.set()

    assert (ready, statuses) == (503, [200])
    await app.state.chassis.__aexit__(None, None, None)


async def test_an_application_in_a_mount_is_started_by_its_first_request(clock) -> None:
    inner = Chassis(QUIET, plugins=[clock]).wrap(hello(None))
    outer = Starlette(routes=[Mount("/inner", inner)])

    async with asked(outer) as client:
        with pytest.warns(RuntimeWarning, match="mounted in another"):
            answer = await client.get("/inner/")

    assert answer.headers["x-clock"] == "1"
    await inner.chassis.plugin_manager.stop()


async def test_entered_by_hand_nothing_is_said(app, clock) -> None:
    async with app.state.chassis, asked(app) as client:
        answer = await client.get("/")

    assert answer.headers["x-clock"] == "1"
    assert app.state.chassis.pending() == {}


def test_a_test_client_with_a_loop_for_each_request_starts_tasks_again(app, clock) -> None:
    client = TestClient(app)

    with pytest.warns(RuntimeWarning) as told:
        answers = [client.get("/") for _ in range(3)]

    assert [answer.headers["x-clock"] for answer in answers] == ["1", "2", "3"]
    assert len(set(map(id, clock.loops))) == len(clock.loops)
    assert len(told) == 1


def test_a_test_client_that_is_entered_says_nothing(app, clock) -> None:
    with TestClient(app) as client:
        assert client.get("/").headers["x-clock"] == "1"
        assert client.get("/").headers["x-clock"] == "1"


def test_a_test_client_that_is_entered_after_one_that_was_not_starts_again(app, clock) -> None:
    with pytest.warns(RuntimeWarning):
        TestClient(app).get("/")

    with TestClient(app) as client:
        assert client.get("/").headers["x-clock"] == "2"

    assert app.state.chassis.pending() == {}


def test_a_websocket_may_be_first() -> None:
    async def echo(websocket: Any) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    from starlette.routing import WebSocketRoute

    app = create_app(QUIET, routes=[WebSocketRoute("/", echo)])

    with (
        pytest.warns(RuntimeWarning),
        TestClient(app).websocket_connect("/") as websocket,
    ):
        assert websocket.receive_text() == "hello"


def test_a_start_that_is_aborted_is_the_error_of_each_request() -> None:
    class Broken(Clock):
        async def start(self) -> None:
            raise ValueError("no clock")

    broken = plugin(name="broken", version="1.0.0")(Broken)()
    config = QUIET.rebuilt(overrides={"plugins": {"strict": True}})
    app = create_app(config, plugins=[broken], routes=[Route("/", hello)])
    client = TestClient(app)

    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            with pytest.raises(Exception, match="no clock"):
                client.get("/")


def test_a_start_that_is_aborted_is_the_error_of_entering_a_test_client() -> None:
    class Broken(Clock):
        async def start(self) -> None:
            raise ValueError("no clock")

    broken = plugin(name="broken", version="1.0.0")(Broken)()
    config = QUIET.rebuilt(overrides={"plugins": {"strict": True}})
    app = create_app(config, plugins=[broken], routes=[Route("/", hello)])

    with pytest.raises(Exception, match="no clock"), TestClient(app):
        pass
