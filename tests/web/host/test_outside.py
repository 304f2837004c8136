"""What a server starts from within one request, as the next one of a connection, is not inside it."""

from __future__ import annotations

import anyio
import pytest
from anyio.abc import TaskGroup
from starlette.types import Message, Receive, Scope, Send

from marty_chassis.web.host import Host

from .drive import House, Processing, Server, hello, http_scope, passing


class Pipelining(Server):
    """Goes on to the next request where it receives or sends for the first one."""

    def __init__(self, host: Host, group: TaskGroup, when: str) -> None:
        super().__init__(http_scope("/first"))
        self._host, self._group, self._when = host, group, when

    async def receive(self) -> Message:
        self._go_on("receive")
        return await super().receive()

    async def send(self, message: Message) -> None:
        self._go_on(message["type"])
        await super().send(message)

    def _go_on(self, now: str) -> None:
        if now == self._when:
            self._group.start_soon(Server(http_scope("/next")).serve, self._host)


@pytest.mark.parametrize("plugins", [True, False], ids=["with plugins", "without"])
@pytest.mark.parametrize("when", ["receive", "http.response.start", "http.response.body"])
async def test_the_next_request_of_a_connection_gets_the_newest_plugins(
    house: House, when: str, plugins: bool
) -> None:
    manager = house.manager
    seen: dict[str, list[int]] = {"/first": [], "/next": []}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        here = seen[scope["path"]]
        here.append(manager.selector.pinned().number)
        if scope["path"] == "/first":
            manager.publish()
            await receive()
        await hello(scope, receive, send)
        here.append(manager.selector.pinned().number)

    if plugins:
        house.plugin("a", Processing(passing))
    number = manager.current.number

    async with anyio.create_task_group() as group:
        host = Host(app, manager)
        await Pipelining(host, group, when).serve(host)

    assert seen == {"/first": [number] * 2, "/next": [number + 1] * 2}
