"""Existing ASGI middleware as plugins: made once for each start, around everything of ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from marty_chassis.errors import WrongAnswer, WrongMiddleware
from marty_chassis.web.host import Host
from marty_chassis.web.wrapping import configured_wrap
from marty_hookspecs import hookimpl

from .drive import House, Processing, Server, ask, hello, http_scope
from .test_websockets import talk


class Noting:
    """A middleware that notes its name on the way in and out."""

    def __init__(self, app: ASGIApp, name: str, notes: list[str]) -> None:
        self.app = app
        self.name = name
        self.notes = notes
        notes.append(f"{name} made")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.notes.append(f"{self.name} in")
        await self.app(scope, receive, send)
        self.notes.append(f"{self.name} out")


class Wrapping:
    """A plugin that wraps."""

    def __init__(self, make: Any) -> None:
        self.make = make

    @hookimpl
    def web_wrap(self, app: ASGIApp) -> Any:
        return self.make(app)


def noting(name: str, notes: list[str]) -> Wrapping:
    return Wrapping(lambda app: Noting(app, name, notes))


async def test_the_lowest_priority_is_outermost_and_all_are_outside_of_the_hooks(
    house: House,
) -> None:
    notes: list[str] = []

    async def process(request: Any, call_next: Any) -> Any:
        notes.append("hook")
        return await call_next(request)

    await house.staged("a", noting("a", notes), priority=30)
    await house.staged("b", noting("b", notes), priority=10)
    house.plugin("c", Processing(process), priority=1)
    host = Host(hello, house.manager)

    answers = [await ask(host), await ask(host)]

    assert [answer.body for answer in answers] == [b"hello"] * 2
    assert notes == ["a made", "b made", *["b in", "a in", "hook", "a out", "b out"] * 2]


async def test_one_comes_and_goes_between_others_that_are_not_made_again(house: House) -> None:
    notes: list[str] = []
    await house.staged("a", noting("a", notes), priority=10)
    await house.staged("c", noting("c", notes), priority=30)
    host = Host(hello, house.manager)

    between = await house.staged("b", noting("b", notes), priority=20)
    await ask(host)
    between.withdraw()
    await ask(host)

    assert notes[:3] == ["a made", "c made", "b made"]
    assert notes[3:9] == ["a in", "b in", "c in", "c out", "b out", "a out"]
    assert notes[9:] == ["a in", "c in", "c out", "a out"]


async def test_a_request_keeps_the_layers_it_began_with(house: House) -> None:
    notes: list[str] = []
    reached, go_on = anyio.Event(), anyio.Event()

    class Slow(Noting):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            reached.set()
            await go_on.wait()
            await super().__call__(scope, receive, send)

    await house.staged("a", Wrapping(lambda app: Slow(app, "a", notes)), priority=10)
    inner = await house.staged("b", noting("b", notes), priority=20)
    host = Host(hello, house.manager)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, host)
        await reached.wait()
        inner.withdraw()
        await house.staged("c", noting("c", notes), priority=20)
        go_on.set()

    assert notes[-4:] == ["a in", "b in", "b out", "a out"]


async def test_two_hosts_of_one_manager_have_their_own_inside(house: House) -> None:
    async def other(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("other")(scope, receive, send)

    await house.staged("a", noting("a", []))
    one, two = Host(hello, house.manager), Host(other, house.manager)

    assert (await ask(one)).body == b"hello"
    assert (await ask(two)).body == b"other"


async def test_websockets_pass_too_and_the_lifespan_does_not(house: House) -> None:
    notes: list[str] = []
    await house.staged("a", noting("a", notes))
    host = Host(hello, house.manager)
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    host = Host(app, house.manager)
    await talk(host)
    await host({"type": "lifespan"}, _nothing, _nothing)

    assert seen == ["websocket", "lifespan"]
    assert notes == ["a made", "a in", "a out"]


async def _nothing(*_: Any) -> Any: ...


class Headers:
    """A plugin that gives the application other headers, and so another scope."""

    def __init__(self, hook: str) -> None:
        async def before(request: Any) -> None:
            request.headers["x-more"] = "1"

        async def around(request: Any, call_next: Any) -> Any:
            request.headers["x-more"] = "1"
            return await call_next(request)

        async def socket(websocket: Any, call_next: Any) -> None:
            websocket.headers["x-more"] = "1"
            await call_next(websocket)

        functions: dict[str, Any] = {
            "middleware_pre_request": before,
            "middleware_process": around,
            "middleware_websocket": socket,
        }
        setattr(self, hook, hookimpl(functions[hook]))


@pytest.mark.parametrize(
    "hook", ["middleware_pre_request", "middleware_process", "middleware_websocket"]
)
async def test_it_sees_which_route_was_found_whatever_plugins_change(
    house: House, hook: str
) -> None:
    seen: list[Scope] = []

    def watching(app: ASGIApp) -> ASGIApp:
        async def watch(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)
            seen.append(scope)

        return watch

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_params"] = {"id": "7"}
        if scope["type"] == "http":
            await hello(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000, "reason": ""})

    await house.staged("watching", Wrapping(watching))
    house.plugin("headers", Headers(hook))
    host = Host(routed, house.manager)

    await (talk(host) if hook == "middleware_websocket" else ask(host))

    assert [scope["path_params"] for scope in seen] == [{"id": "7"}]
    assert (b"x-more", b"1") not in seen[0]["headers"]


async def test_a_scope_limits_it(house: House) -> None:
    notes: list[str] = []
    await house.staged("a", noting("a", notes), priority=10, scope="/admin")
    await house.staged("b", noting("b", notes), priority=20)
    host = Host(hello, house.manager)

    await ask(host, "/else")
    assert notes == ["a made", "b made", "b in", "b out"]
    await ask(host, "/admin")
    assert notes[4:] == ["a in", "b in", "b out", "a out"]


@pytest.mark.parametrize("wrong", [None, "app", 5])
async def test_what_is_no_application_is_refused_at_staging(house: House, wrong: Any) -> None:
    with pytest.raises(WrongAnswer, match=r"plugin 'a' answered 'web\.wrap' with"):
        await house.staged("a", Wrapping(lambda app: wrong))

    assert "a" not in house.manager.current.contributions


async def test_the_application_itself_is_no_layer(house: House) -> None:
    await house.staged("a", Wrapping(lambda app: app))

    assert (await ask(Host(hello, house.manager))).body == b"hello"


async def test_an_asynchronous_wrap(house: House) -> None:
    class Asynchronous:
        @hookimpl
        async def web_wrap(self, app: ASGIApp) -> ASGIApp:
            await anyio.lowlevel.checkpoint()
            return GZipMiddleware(app, minimum_size=1)

    async def page(request: Request) -> Response:
        return PlainTextResponse("x" * 1000)

    await house.staged("a", Asynchronous())
    host = Host(Starlette(routes=[Route("/", page)]), house.manager)

    answer = await ask(host, headers=[("accept-encoding", "gzip")])

    assert answer.headers["content-encoding"] == "gzip"


# From the configuration --------------------------------------------------------------------------


async def test_a_middleware_of_the_configuration(house: House) -> None:
    plugin = configured_wrap("starlette.middleware.gzip:GZipMiddleware", {"minimum_size": 1})
    await house.staged("gzip", plugin)

    answer = await ask(Host(hello, house.manager), headers=[("accept-encoding", "gzip")])

    assert answer.headers["content-encoding"] == "gzip"
    assert repr(plugin) == "<ConfiguredMiddleware starlette.middleware.gzip:GZipMiddleware>"


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (
            "starlette.middleware.gzip.GZipMiddleware",
            "the middleware 'starlette.middleware.gzip.GZipMiddleware' cannot be used: it is not"
            " of the form module:Class. Write for instance"
            " starlette.middleware.gzip:GZipMiddleware.",
        ),
        (
            "starlette.midleware.gzip:GZipMiddleware",
            "the middleware 'starlette.midleware.gzip:GZipMiddleware' cannot be used: there is no"
            " module starlette.midleware. Install what is missing, or correct the name.",
        ),
        (
            "starlette.middleware.gzip:GzipMiddleware",
            "the middleware 'starlette.middleware.gzip:GzipMiddleware' cannot be used: the module"
            " starlette.middleware.gzip has no GzipMiddleware. Look at its spelling. Did you mean"
            " 'GZipMiddleware'?",
        ),
        (
            "starlette.status:HTTP_200_OK",
            "the middleware 'starlette.status:HTTP_200_OK' cannot be used: it is int, which"
            " cannot be called. Name a class, or a function, that takes the application and"
            " gives one.",
        ),
    ],
)
def test_what_cannot_be_used_says_why(use: str, message: str) -> None:
    with pytest.raises(WrongMiddleware) as caught:
        configured_wrap(use)

    assert str(caught.value) == message


def test_a_module_that_needs_another_names_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_other.py").write_text("import surely_not_installed\n")
    (tmp_path / "broken_middleware.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(WrongMiddleware, match="needs surely_not_installed, which is not installed"):
        configured_wrap("needs_other:Middleware")
    with pytest.raises(WrongMiddleware, match="raised ZeroDivisionError: division by zero"):
        configured_wrap("broken_middleware:Middleware")
    sys.modules.pop("needs_other", None)


async def test_wrong_options_say_what_was_wrong_with_them(house: House) -> None:
    plugin = configured_wrap("starlette.middleware.gzip:GZipMiddleware", {"minimum": 1})

    with pytest.raises(WrongMiddleware, match=r"the options minimum raised TypeError.*minimum"):
        await house.staged("gzip", plugin)


async def test_an_error_of_a_middleware_is_its_plugins_fault(house: House) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("the middleware's")

    await house.staged("a", Wrapping(lambda app: broken))

    answer = await Server(http_scope()).serve(Host(hello, house.manager))

    assert answer.status == 500
    assert answer.error is None
    assert house.faults("a") == ["ValueError"]
