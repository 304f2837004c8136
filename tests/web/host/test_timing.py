"""The time that each plugin takes in requests, where somebody wants to know it."""

from __future__ import annotations

from typing import Any

import pytest

from marty_chassis.plugins.arrangement import ARRANGEMENT, Arrangement
from marty_chassis.testing import FakeClock
from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

from .drive import House, Processing, ask, hello
from .test_websockets import talk

Tallies = dict[tuple[str, str], tuple[int, float]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Time that passes only when a plugin or the application says so."""
    clock = FakeClock()
    monkeypatch.setattr("marty_chassis.web.timing.perf_counter", clock)
    return clock


def measured(house: House) -> House:
    registrations = house.plugin("measures", object())
    registrations.add(ARRANGEMENT, Arrangement(request_hooks=True))
    return house


def tallies(house: House) -> Tallies:
    found = house.manager.failures.tallies
    return {key: (tally.calls, tally.seconds) for key, tally in found.items()}


async def test_each_plugin_is_measured_without_those_inside_and_the_application(
    house: House, clock: FakeClock
) -> None:
    class Hooks:
        @hookimpl
        async def middleware_pre_request(self, request: Any) -> None:
            clock.advance(4)

        @hookimpl
        def middleware_post_response(self, response: Any, request: Any) -> None:
            clock.advance(5)

    async def outer(request: Any, call_next: Any) -> Any:
        clock.advance(1)
        response = await call_next(request)
        clock.advance(2)
        return response

    def inner(request: Any, call_next: Any) -> Any:
        clock.advance(3)
        return call_next(request)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        clock.advance(100)
        await hello(scope, receive, send)

    measured(house)
    house.plugin("outer", Processing(outer), priority=1)
    house.plugin("inner", Sync(inner), priority=2)
    house.plugin("hooks", Hooks())
    host = Host(slow, house.manager)

    answers = [await ask(host), await ask(host)]

    assert [answer.body for answer in answers] == [b"hello"] * 2
    assert tallies(house) == {
        ("outer", "middleware.process"): (2, 6),
        ("inner", "middleware.process"): (2, 6),
        ("hooks", "middleware.pre_request"): (2, 8),
        ("hooks", "middleware.post_response"): (2, 10),
    }


async def test_a_websocket_is_measured_without_the_time_that_it_is_open(
    house: House, clock: FakeClock
) -> None:
    class Doorman:
        @hookimpl
        async def middleware_websocket(self, websocket: Any, call_next: Any) -> None:
            clock.advance(1)
            await call_next(websocket)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        clock.advance(100)

    measured(house)
    house.plugin("doorman", Doorman())

    await talk(Host(app, house.manager))

    assert tallies(house) == {("doorman", "middleware.websocket"): (1, 1)}


@pytest.mark.parametrize("closed", [True, False])
async def test_what_raises_is_measured_and_raises_as_without_it(
    house: House, clock: FakeClock, closed: bool
) -> None:
    async def broken(request: Any, call_next: Any) -> Any:
        clock.advance(1)
        raise ValueError("told to")

    measured(house)
    house.plugin("broken", Processing(broken), closed=closed)

    answer = await ask(Host(hello, house.manager))

    assert answer.status == (500 if closed else 200)
    assert house.faults("broken") == ["ValueError"]
    assert tallies(house) == {("broken", "middleware.process"): (1, 1)}


async def test_an_error_of_the_application_is_nobodys_fault(house: House) -> None:
    async def passing(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("the application's")

    measured(house)
    house.plugin("passing", Processing(passing))

    answer = await ask(Host(broken, house.manager))

    assert isinstance(answer.error, ValueError)
    assert house.faults("passing") == []


async def test_where_nobody_wants_to_know_nothing_is_measured(house: House) -> None:
    async def passing(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    house.plugin("passing", Processing(passing))

    await ask(Host(hello, house.manager))

    assert tallies(house) == {}


class Sync:
    """A plugin with a plain function that gives what it is to be awaited."""

    def __init__(self, process: Any) -> None:
        self._process = process

    @hookimpl
    def middleware_process(self, request: Any, call_next: Any) -> Any:
        return self._process(request, call_next)
