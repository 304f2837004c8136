"""The application's own lifespan is wrapped, never replaced."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest
from starlette.applications import Starlette
from starlette.types import Message

from marty_chassis.errors import LifecycleError
from marty_chassis.web.lifespan import Lifespan


class Server:
    """The server's side of the protocol, and everything that happened, in order."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.sent: list[Message] = []
        self.state: dict[str, object] = {}
        self._to_app = anyio.Event()
        self._receive_calls = 0

    async def start(self) -> None:
        self.happened.append("plugins start")

    async def stop(self) -> None:
        self.happened.append("plugins stop")

    async def receive(self) -> Message:
        self._receive_calls += 1
        if self._receive_calls == 1:
            return {"type": "lifespan.startup"}
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        self.happened.append(message["type"])

    async def run(self, app) -> None:
        lifespan = Lifespan(app, self.start, self.stop)
        await lifespan({"type": "lifespan", "state": self.state}, self.receive, self.send)


@pytest.fixture
def server() -> Server:
    return Server()


def application(server: Server, *, fails: str = "") -> Starlette:
    @asynccontextmanager
    async def lifespan(app):
        if fails == "startup":
            raise ValueError("no database")
        server.happened.append("app starts")
        yield {"database": "open"}
        server.happened.append("app stops")
        if fails == "shutdown":
            raise ValueError("cannot close")

    return Starlette(lifespan=lifespan)


async def test_plugins_start_after_the_application_and_stop_before_it(server) -> None:
    await server.run(application(server))

    assert server.happened == [
        "app starts",
        "plugins start",
        "lifespan.startup.complete",
        "plugins stop",
        "app stops",
        "lifespan.shutdown.complete",
    ]
    assert server.state == {"database": "open"}


async def test_an_application_that_cannot_start_starts_no_plugin(server) -> None:
    with pytest.raises(ValueError, match="no database"):
        await server.run(application(server, fails="startup"))

    assert server.happened == ["lifespan.startup.failed"]


async def test_plugins_that_cannot_start_shut_the_application_down_and_tell_the_server(
    server,
) -> None:
    async def broken() -> None:
        raise LifecycleError("plugin 'auth' cannot start")

    server.start = broken

    with pytest.raises(LifecycleError, match="cannot start"):
        await server.run(application(server))

    assert server.happened == [
        "app starts",
        "app stops",
        "lifespan.startup.failed",
    ]
    assert server.sent[-1]["message"] == "plugin 'auth' cannot start"


async def test_an_application_that_says_it_cannot_start_stops_nothing(server) -> None:
    async def without_database(scope, receive, send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    await server.run(without_database)

    assert server.happened == ["lifespan.startup.failed"]


async def raises(scope, receive, send) -> None:
    raise AssertionError("only http here")


async def returns(scope, receive, send) -> None:
    pass


async def listens_and_raises(scope, receive, send) -> None:
    await receive()
    raise AssertionError("only http here")


async def answers(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("app", [raises, returns, listens_and_raises, answers])
async def test_an_application_without_a_lifespan_gets_its_plugins_all_the_same(server, app) -> None:
    await server.run(app)

    assert server.happened == [
        "plugins start",
        "lifespan.startup.complete",
        "plugins stop",
        "lifespan.shutdown.complete",
    ]


async def test_without_a_lifespan_a_failed_start_is_told_too(server) -> None:
    async def broken() -> None:
        raise LifecycleError("strict")

    server.start = broken

    with pytest.raises(LifecycleError, match="strict"):
        await server.run(returns)

    assert server.sent == [{"type": "lifespan.startup.failed", "message": "strict"}]


async def test_an_error_in_the_applications_shutdown_reaches_the_server(server) -> None:
    with pytest.raises(ValueError, match="cannot close"):
        await server.run(application(server, fails="shutdown"))

    assert server.happened[-2:] == ["app stops", "lifespan.shutdown.failed"]


async def test_a_server_that_cancels_its_lifespan_gets_its_plugins_stopped(server) -> None:
    started = anyio.Event()

    async def hanging(scope, receive, send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        started.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(server.run, hanging)
        await started.wait()
        group.cancel_scope.cancel()

    assert server.happened[-1] == "plugins stop"
