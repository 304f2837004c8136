"""What a request has started, and what goes on after it, is not the request's any more."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import anyio
import anyio.abc
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from marty_chassis.hooks import Generation
from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

from .drive import Answer, House, Processing, ask, hello, passing
from .test_websockets import Socket, talk


class Wrapping:
    """A middleware that does nothing."""

    @hookimpl
    def web_wrap(self, app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)

        return wrapped


async def passing_sockets(websocket: Any, call_next: Any) -> None:
    await call_next(websocket)


class Elsewhere:
    """A plugin that requests do not come to."""

    @hookimpl
    def metrics_collect(self) -> dict[str, float]:
        return {}


PLUGINS: dict[str, Callable[[], object]] = {
    "elsewhere": Elsewhere,
    "request": lambda: Processing(passing),
    "websocket": lambda: Socket(passing_sockets),
    "wrapping": Wrapping,
}


class Starting:
    """An application whose requests start something that waits, and looks around then."""

    def __init__(self, house: House, tasks: anyio.abc.TaskGroup) -> None:
        self._house, self._tasks = house, tasks
        self.go_on = anyio.Event()
        self.seen: list[Generation] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._tasks.start_soon(self._outliving)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await hello(scope, receive, send)

    async def _outliving(self) -> None:
        await self.go_on.wait()
        self.seen.append(self._house.manager.selector.pinned())


@pytest.mark.parametrize("kind", PLUGINS)
async def test_what_outlives_a_request_gets_the_newest_generation_and_keeps_no_old_plugin(
    house: House, kind: str
) -> None:
    manager = house.manager
    plugin = PLUGINS[kind]()
    registrations = await house.staged("a", plugin)
    old = weakref.ref(plugin)
    del plugin

    async with anyio.create_task_group() as tasks:
        app = Starting(house, tasks)
        host = Host(app, manager)
        await (talk(host) if kind == "websocket" else ask(host))
        registrations.withdraw()
        del registrations
        gc.collect()
        kept = old()
        app.go_on.set()

    assert kept is None
    assert app.seen == [manager.current]


async def test_a_request_that_is_made_there_is_one_of_its_own(house: House) -> None:
    manager = house.manager
    seen: list[list[int]] = []
    ended, go_on = anyio.Event(), anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/first":
            tasks.start_soon(later)
        else:
            here = [manager.selector.pinned().number]
            manager.publish()
            here.append(manager.selector.pinned().number)
            seen.append(here)
        await hello(scope, receive, send)

    async def later() -> None:
        await ended.wait()
        await ask(host, "/second")
        go_on.set()

    house.plugin("a", Processing(passing))
    host = Host(app, manager)
    async with anyio.create_task_group() as tasks:
        await ask(host, "/first")
        manager.publish()
        number = manager.current.number
        ended.set()
        await go_on.wait()

    assert seen == [[number, number]]


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_middleware_that_was_not_replaced_may_go_on_after_the_request(
    house: House, replaced: bool
) -> None:
    runs: list[int] = []
    refreshed: list[Answer] = []
    answered = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        runs.append(house.manager.selector.pinned().number)
        await hello(scope, receive, send)

    class Refreshing:
        @hookimpl
        def web_wrap(self, app: ASGIApp) -> ASGIApp:
            async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
                tasks.start_soon(self._refresh, app)
                await app(scope, receive, send)

            return wrapped

        async def _refresh(self, app: ASGIApp) -> None:
            await answered.wait()
            refreshed.append(await ask(app))

    registrations = await house.staged("a", Refreshing())
    await house.staged("b", Wrapping())
    number = house.manager.current.number
    async with anyio.create_task_group() as tasks:
        await ask(Host(app, house.manager))
        if replaced:
            registrations.withdraw()
        else:
            house.manager.publish()
        answered.set()

    (answer,) = refreshed
    assert runs == ([number] if replaced else [number, number + 1])
    assert str(answer.error or "") == (
        "the request is over, and this middleware was replaced" if replaced else ""
    )
