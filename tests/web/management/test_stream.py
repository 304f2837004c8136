"""The journal as a stream: what a reader sees, and when it ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
import uvicorn

from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.web.management.journal import Journal
from marty_chassis.web.management.models import Move
from marty_chassis.web.management.stream import EventStream, server_leaves

from .conftest import OPERATOR, Make, Service

Event = dict[str, str]


@plugin(name="mailer")
class Mailer(IPlugin):
    pass


class Reader:
    """One who reads a stream without a server, as slowly as it likes."""

    def __init__(self, journal: Journal, last_id: str | None = None, beat: float = 15) -> None:
        self.stream = EventStream(journal, last_id, beat)
        self.messages: list[Any] = []
        self.gone = anyio.Event()
        self.may_send = anyio.Event()
        self.may_send.set()

    async def read(self, method: str = "GET") -> None:
        await self.stream({"type": "http", "method": method}, self.receive, self.send)

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.may_send.wait()
        self.messages.append(message)

    @property
    def text(self) -> str:
        return b"".join(m.get("body", b"") for m in self.messages).decode()

    @property
    def events(self) -> list[Event]:
        return events(self.text)


def events(text: str) -> list[Event]:
    blocks = [block.split("\n") for block in text.split("\n\n") if "event: " in block]
    return [dict(line.split(": ", 1) for line in b if not line.startswith(":")) for b in blocks]


@asynccontextmanager
async def reading(reader: Reader) -> AsyncIterator[None]:
    async with anyio.create_task_group() as group:
        group.start_soon(reader.read)
        await anyio.wait_all_tasks_blocked()
        yield
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()


async def test_a_reader_sees_what_happens_from_now_on() -> None:
    journal = Journal()
    journal.note("move", "1")
    reader = Reader(journal)

    async with reading(reader):
        journal.note("move", "2")

    assert reader.messages[0]["status"] == 200
    assert (b"cache-control", b"no-store") in reader.messages[0]["headers"]
    assert reader.events == [{"id": journal.id(2), "event": "move", "data": "2"}]


async def test_who_comes_back_goes_on_where_it_was() -> None:
    journal = Journal()
    for text in "abc":
        journal.note("move", text)
    reader = Reader(journal, journal.id(1))

    async with reading(reader):
        pass

    assert [event["data"] for event in reader.events] == ["b", "c"]


async def test_who_comes_back_too_late_is_told_what_it_missed() -> None:
    journal = Journal(kept=2)
    reader = Reader(journal, journal.id(1))
    for text in "abcde":
        journal.note("move", text)

    async with reading(reader):
        pass

    assert reader.events[0] == {"event": "gap", "data": '{"missed": 2}'}
    assert [event["data"] for event in reader.events[1:]] == ["d", "e"]


@pytest.mark.parametrize("id", ["another-7", "nonsense", "7"])
async def test_who_comes_from_another_process_starts_over(id: str) -> None:
    journal = Journal()
    journal.note("move", "a")
    reader = Reader(journal, id)

    async with reading(reader):
        pass

    assert reader.events[0] == {"event": "gap", "data": '{"missed": null}'}
    assert [event["data"] for event in reader.events[1:]] == ["a"]


async def test_an_id_from_the_future_is_not_believed() -> None:
    journal = Journal()
    journal.note("move", "a")
    reader = Reader(journal, journal.id(99))

    async with reading(reader):
        pass

    assert [event["event"] for event in reader.events] == ["gap", "move"]


async def test_a_slow_reader_delays_nobody_and_learns_of_its_gap() -> None:
    journal = Journal(kept=3)
    slow, quick = Reader(journal), Reader(journal)

    async with reading(slow), reading(quick):
        slow.may_send = anyio.Event()
        for number in range(6):
            journal.note("move", str(number))
            await anyio.wait_all_tasks_blocked()
        slow.may_send.set()

    assert [event["data"] for event in quick.events] == [str(number) for number in range(6)]
    assert [e["data"] for e in slow.events] == ["0", '{"missed": 2}', "3", "4", "5"]


async def test_silence_is_broken_by_a_sign_of_life() -> None:
    journal = Journal()
    reader = Reader(journal, beat=0.02)

    async with reading(reader):
        await anyio.sleep(0.1)

    assert reader.text.count(": beat\n\n") >= 2
    assert reader.events == []


async def test_it_ends_when_the_service_does_with_all_that_happened() -> None:
    journal = Journal()
    reader = Reader(journal)

    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(reader.read)
            await anyio.wait_all_tasks_blocked()
            journal.note("move", "last")
            journal.close()

    assert [event["data"] for event in reader.events] == ["last"]
    assert reader.messages[-1] == {"type": "http.response.body", "body": b""}


async def test_it_ends_when_the_reader_leaves() -> None:
    reader = Reader(Journal())

    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(reader.read)
            await anyio.wait_all_tasks_blocked()
            reader.gone.set()

    assert len(reader.messages) == 2


async def test_a_server_that_raises_because_the_reader_has_left_is_no_error() -> None:
    reader = Reader(Journal())

    async def broken(message: Any) -> None:
        raise OSError("gone")

    reader.send = broken  # type: ignore[method-assign]
    with anyio.fail_after(1):
        await reader.read()


async def test_head_gives_the_headers_alone() -> None:
    reader = Reader(Journal())

    with anyio.fail_after(1):
        await reader.read("HEAD")

    assert [m.get("body") for m in reader.messages] == [None, b""]


async def test_it_ends_when_uvicorn_has_been_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    server = uvicorn.Server(uvicorn.Config("no:app"))
    before = signal.getsignal(signal.SIGTERM)
    reader = Reader(Journal(), beat=0.01)
    signal.signal(signal.SIGTERM, server.handle_exit)
    try:
        with anyio.fail_after(1):
            async with anyio.create_task_group() as group:
                group.start_soon(reader.read)
                await anyio.wait_all_tasks_blocked()
                serving = server_leaves()
                server.should_exit = True
    finally:
        signal.signal(signal.SIGTERM, before)

    assert not serving
    assert not server_leaves()


# Through a real server ----------------------------------------------------------------------------


async def test_each_move_of_a_plugin_is_an_event(make: Make) -> None:
    service = await make(Mailer)
    status = (await service.get("/plugins/status")).json()
    await service.post("/plugins/mailer/disable")
    service.management.drain()

    response = await service.get("/plugins/events", **{"last-event-id": status["last_event_id"]})

    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    found = events(response.text)
    assert [event["event"] for event in found] == ["move"] * len(found)
    moves = [Move.model_validate_json(event["data"]) for event in found]
    assert [(m.plugin, m.before, m.after) for m in moves] == [
        ("mailer", "started", "stopping"),
        ("mailer", "stopping", "stopped"),
        ("mailer", "stopped", "disabled"),
    ]
    assert moves[-1].reason


class Serving:
    """uvicorn in a thread, with the plugins in its event loop."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.server = uvicorn.Server(
            uvicorn.Config(
                self.app,
                port=0,
                log_config=None,
                lifespan="on",
                interface="asgi3",
                ws="websockets-sansio",  # older uvicorns take what websockets has deprecated
            )
        )
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            return await self.service.management(scope, receive, send)
        await receive()
        await self.service.management.start()
        await self.service.manager.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.service.manager.stop()
        await self.service.management.stop()
        await send({"type": "lifespan.shutdown.complete"})
        return None

    async def begun(self) -> int:
        self.thread.start()
        await eventually(lambda: self.server.started)
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    async def ended(self) -> None:
        self.server.should_exit = True
        await eventually(lambda: not self.thread.is_alive())


async def eventually(claim: Callable[[], bool], seconds: float = 5) -> None:
    with anyio.fail_after(seconds):
        while not claim():
            await anyio.sleep(0.01)


@asynccontextmanager
async def served(make: Make) -> AsyncIterator[tuple[Serving, anyio.abc.SocketStream]]:
    """A service with an open stream of events."""
    service = await make(Mailer, start=False)
    await service.management.stop()
    serving = Serving(service)
    port = await serving.begun()
    try:
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            await connection.send(
                b"GET /-/marty/plugins/events HTTP/1.1\r\nhost: service\r\n"
                b"authorization: Bearer " + OPERATOR.encode() + b"\r\n\r\n"
            )
            yield serving, connection
    finally:
        await serving.ended()


async def until(connection: anyio.abc.SocketStream, words: str) -> str:
    text = ""
    with anyio.fail_after(5):
        while words not in text:
            text += (await connection.receive()).decode()
    return text


async def test_a_client_of_uvicorn_follows_the_moves(make: Make) -> None:
    async with served(make) as (serving, connection):
        hello = await until(connection, "retry: 3000")
        async with await anyio.connect_tcp("127.0.0.1", port_of(serving)) as other:
            await other.send(
                b"POST /-/marty/plugins/mailer/disable HTTP/1.1\r\nhost: service\r\n"
                b"content-length: 0\r\nauthorization: Bearer " + OPERATOR.encode() + b"\r\n\r\n"
            )
            answer = await until(other, "}")
        moves = await until(connection, '"after":"disabled"')
        serving.service.management.drain()
        await until(connection, "0\r\n\r\n")

    assert "200 OK" in hello
    assert "text/event-stream" in hello
    assert "200 OK" in answer
    assert '"plugin":"mailer","before":"started","after":"stopping"' in moves


async def test_the_server_is_rid_of_a_client_that_leaves(make: Make) -> None:
    async with served(make) as (serving, connection):
        await until(connection, "retry: 3000")

        await connection.aclose()
        await eventually(lambda: not serving.server.server_state.tasks)


def port_of(serving: Serving) -> int:
    port: int = serving.server.servers[0].sockets[0].getsockname()[1]
    return port
