"""The host as a whole: the gate, generations, what passes untouched."""

from __future__ import annotations

import json
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

from .drive import House, Processing, Server, ask, hello, http_scope
from .test_websockets import talk, types


class Gate:
    """Some required plugins that are missing."""

    def __init__(self, *missing: str) -> None:
        self.missing = missing

    def missing_required(self) -> tuple[str, ...]:
        return self.missing


async def test_while_a_required_plugin_is_missing_the_answer_is_503(house: House) -> None:
    gate = Gate("authentication")
    host = Host(hello, house.manager, gate)

    answer = await ask(host)

    assert answer.status == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    assert json.loads(answer.body)["status"] == 503
    assert b"authentication" not in answer.body
    gate.missing = ()
    assert (await ask(host)).body == b"hello"


@pytest.mark.parametrize("deny", [True, False])
async def test_websockets_are_refused_then_too(house: House, deny: bool) -> None:
    sent, _ = await talk(Host(hello, house.manager, Gate("a")), deny=deny)

    if deny:
        assert types(sent) == ["websocket.http.response.start", "websocket.http.response.body"]
        assert sent[0]["status"] == 503
    else:
        assert sent == [{"type": "websocket.close", "code": 1013, "reason": ""}]


async def test_the_lifespan_passes_the_gate_untouched(house: House) -> None:
    got: list[object] = []

    async def app(*arguments: Any) -> None:
        got.extend(arguments)

    scope, receive, send = {"type": "lifespan"}, _nothing, _nothing
    await Host(app, house.manager, Gate("a"))(scope, receive, send)

    assert got == [scope, receive, send]


async def _nothing(*_: Any) -> Any: ...


async def test_without_plugins_the_application_gets_what_the_server_gave(house: House) -> None:
    got: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        got.extend([scope, receive, send])
        await hello(scope, receive, send)

    server = Server(http_scope())
    await server.serve(Host(app, house.manager))

    assert got[0] is server.scope
    # In `outside`, and in nothing else.
    assert [call.args[-1] for call in got[1:]] == [server.receive, server.send]


async def test_a_request_keeps_the_plugins_it_began_with(house: House) -> None:
    reached, go_on = anyio.Event(), anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.set()
        await go_on.wait()
        await hello(scope, receive, send)

    def stamping(name: str) -> Any:
        async def process(request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-by"] = name
            return response

        return process

    old = house.plugin("a", Processing(stamping("old")))
    host = Host(app, house.manager)
    answers: list[Any] = []

    async def one() -> None:
        answers.append(await ask(host))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one)
        await reached.wait()
        contribution = old.withdraw()
        house.plugin("b", Processing(stamping("new")))
        assert contribution is not None
        assert house.manager.selector.uses(contribution) == 1
        assert not await house.manager.selector.drained(contribution, 0.005)
        go_on.set()
        assert await house.manager.selector.drained(contribution, 1)
    answers.append(await ask(host))

    assert [answer.headers["x-by"] for answer in answers] == ["old", "new"]


async def test_the_pin_holds_for_the_application_and_its_plugins(house: House) -> None:
    seen: list[int] = []
    manager = house.manager

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(manager.selector.pinned().number)
        await hello(scope, receive, send)

    async def process(request: Any, call_next: Any) -> Any:
        seen.append(manager.selector.pinned().number)
        manager.publish()
        response = await call_next(request)
        seen.append(manager.selector.pinned().number)
        return response

    house.plugin("a", Processing(process))
    number = manager.current.number

    await ask(Host(app, manager))

    assert seen == [number] * 3
    assert manager.current.number == number + 1
    assert manager.selector.pinned() is manager.current


async def test_plugins_are_put_together_once_for_each_generation(house: House) -> None:
    made: list[int] = []

    class Counting(Host):
        def _around_requests(self, generation: Any) -> Any:
            made.append(generation.number)
            return super()._around_requests(generation)

    house.plugin("a", Processing(_passing))
    host = Counting(hello, house.manager)
    for _ in range(3):
        await ask(host)
    house.manager.publish()
    for _ in range(3):
        await ask(host)

    assert made == [house.manager.current.number - 1, house.manager.current.number]


async def _passing(request: Any, call_next: Any) -> Any:
    return await call_next(request)


async def test_swapping_plugins_under_load_loses_no_request(house: House) -> None:
    class Plugin:
        def __init__(self, number: int) -> None:
            self.number = number

        @hookimpl
        async def middleware_process(self, request: Any, call_next: Any) -> Any:
            await anyio.lowlevel.checkpoint()
            response = await call_next(request)
            response.headers["x-number"] = str(self.number)
            return response

    house.plugin("p", Plugin(0))
    host = Host(PlainTextResponse("x"), house.manager)
    answers: list[Any] = []
    over = anyio.Event()

    async def client() -> None:
        while not over.is_set():
            answers.append(await ask(host))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(client)
        for number in range(1, 20):
            await anyio.sleep(0.002)
            house.plugin("p", Plugin(number))
        over.set()

    assert {answer.status for answer in answers} == {200}
    assert len({answer.headers["x-number"] for answer in answers}) > 1


def test_it_says_what_it_is(house: House) -> None:
    host = Host(hello, house.manager)

    assert repr(host).startswith("<Host of <function hello")
    assert "<Generation" in repr(host)
