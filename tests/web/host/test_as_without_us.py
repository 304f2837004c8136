"""Whatever an application does, ten plugins that do nothing change nothing of it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marty_hookspecs import hookimpl

from .drive import Answer, House, Processing, ask, passing


@pytest.fixture(scope="module", autouse=True)
def gzip_knows_one_time() -> Iterator[None]:
    """It writes the second into its header, and between two answers another may begin."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(gzip, "time", SimpleNamespace(time=float))
        yield


class Everything:
    """A plugin that has every hook of a request and does nothing in any."""

    @hookimpl
    async def middleware_pre_request(self, request: Any) -> None:
        pass

    @hookimpl
    async def middleware_process(self, request: Any, call_next: Any) -> Any:
        return await call_next(request)

    @hookimpl
    async def middleware_post_response(self, response: Any, request: Any) -> None:
        pass


def with_nothing(app: ASGIApp) -> ASGIApp:
    """Ten plugins that do nothing around an application."""
    house = House()
    for number in range(9):
        house.plugin(f"n{number}", Processing(passing))
    house.plugin("everything", Everything())
    return house.around(app)


async def both(app: ASGIApp, *arguments: Any, **more: Any) -> tuple[Answer, Answer]:
    """The application asked bare and wrapped."""
    return await ask(app, *arguments, **more), await ask(with_nothing(app), *arguments, **more)


def same(bare: Answer, wrapped: Answer) -> None:
    """What the server got is the same, message for message, and so is what was raised to it."""
    assert wrapped.messages == bare.messages
    assert repr(wrapped.error) == repr(bare.error)


# A Starlette application with about everything that one has --------------------------------------


class Events:
    """Some events; no generator, as Starlette does not close those."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await anyio.lowlevel.checkpoint()
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return b"data: tick\n\n"


async def plain(request: Request) -> Response:
    return PlainTextResponse("plain " * 100, headers={"x-path": request.url.path})


async def streamed(request: Request) -> Response:
    return StreamingResponse(Events(4), media_type="text/event-stream")


async def echo(request: Request) -> Response:
    return JSONResponse({"body": (await request.body()).decode(), "q": dict(request.query_params)})


async def teapot(request: Request) -> Response:
    raise HTTPException(418, "short and stout", {"x-teapot": "yes"})


async def broken(request: Request) -> Response:
    raise ValueError("broken")


async def handled(request: Request) -> Response:
    raise KeyError("handled")


async def half(request: Request) -> Response:
    class Breaking(Events):
        async def __anext__(self) -> bytes:
            if self.left == 1:
                raise ValueError("half")
            return await super().__anext__()

    return StreamingResponse(Breaking(3))


async def not_modified(request: Request) -> Response:
    return Response(status_code=304, headers={"etag": '"1"'})


async def cookies(request: Request) -> Response:
    response = PlainTextResponse("x")
    for name in "abc":
        response.set_cookie(name, name)
    return response


async def where(request: Request) -> Response:
    found = [request.scope["root_path"], str(request.url_for("where")), request.path_params]
    return JSONResponse(found)


async def file(request: Request) -> Response:
    return FileResponse(Path(__file__))


async def after(request: Request) -> Response:
    async def note() -> None:
        await anyio.lowlevel.checkpoint()
        request.app.state.notes.append("background")

    return PlainTextResponse("x", background=BackgroundTask(note))


async def redirect(request: Request) -> Response:
    return RedirectResponse("/plain")


async def handler(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"handled {type(error).__name__}", 400)


class Adding:
    """A pure ASGI middleware of the application's own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-added", b"1"))
            await send(message)

        await self.app(scope, receive, sent)


def service() -> Starlette:
    ways: Sequence[Callable[..., Any]] = [
        plain, streamed, echo, teapot, broken, handled, half, not_modified, cookies, where, file,
        after, redirect,
    ]  # fmt: skip
    routes = [
        Route(f"/{way.__name__}", way, methods=["GET", "POST"], name=way.__name__) for way in ways
    ]
    app = Starlette(
        routes=[*routes, Mount("/sub", routes=routes, name="sub")],
        middleware=[Middleware(GZipMiddleware, minimum_size=50), Middleware(Adding)],
        exception_handlers={KeyError: handler},
    )
    app.state.notes = []
    return app


PATHS = [
    "/plain", "/streamed", "/echo", "/teapot", "/broken", "/handled", "/half", "/not_modified",
    "/cookies", "/where", "/file", "/after", "/redirect", "/none", "/sub/where", "/plain/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
async def test_a_starlette_application(path: str, method: str) -> None:
    for more in ({}, {"headers": [("accept-encoding", "gzip")]}, {"root_path": "/root"}):
        for spec in ("2.0", "2.3", "2.4"):
            same(*await both(service(), path, method, body=[b"a", b"b"], spec=spec, **more))


async def test_background_tasks_are_run_once() -> None:
    app = service()

    await ask(with_nothing(app), "/after")

    assert app.state.notes == ["background"]


async def test_mounted_and_under_a_root_path() -> None:
    inner = service()
    bare = Starlette(routes=[Mount("/mounted", inner)])
    wrapped = Starlette(routes=[Mount("/mounted", with_nothing(inner))])

    for path in ("/mounted/where", "/mounted/sub/where", "/mounted/none"):
        same(await ask(bare, path), await ask(wrapped, path))


# Any application at all --------------------------------------------------------------------------

HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"set-cookie", b"Content-Type", b"x", b"content-length"]),
        st.binary(max_size=4),
    ),
    max_size=4,
)
START = st.fixed_dictionaries(
    {"type": st.just("http.response.start"), "status": st.integers(100, 599), "headers": HEADERS},
    optional={"trailers": st.booleans()},
)
OTHER = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "http.response.body",
                "http.response.trailers",
                "http.response.push",
                "http.response.early_hint",
                "http.response.informational",
                "http.response.debug",
                "http.response.pathsend",
                "http.response.zerocopysend",
                "something.else",
            ]
        )
    },
    optional={"body": st.binary(max_size=5), "more_body": st.booleans(), "x": st.integers()},
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), START | OTHER),
        st.tuples(st.just("send in a child"), START | OTHER),
        st.tuples(st.sampled_from(["receive", "sleep", "raise"]), st.none()),
    ),
    max_size=8,
)


class Doing:
    """An application that does one thing after the other."""

    def __init__(self, deeds: list[tuple[str, Any]], messages: int) -> None:
        self.deeds = deeds
        self.messages = messages
        """How many can be received without waiting for the client to go."""
        self.received: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for deed, message in self.deeds:
            match deed:
                case "send":
                    await send(dict(message))
                case "send in a child":
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(_send, send, dict(message))
                case "receive" if len(self.received) < self.messages:
                    self.received.append(await receive())
                case "sleep":
                    await anyio.lowlevel.checkpoint()
                case "raise":
                    raise LookupError("as told")


async def _send(send: Send, message: Message) -> None:
    await send(message)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=DEEDS, body=st.lists(st.binary(max_size=3), min_size=1, max_size=3))
def test_any_messages_in_any_order(
    anyio_backend: str, deeds: list[tuple[str, Any]], body: list[bytes]
) -> None:
    bare, wrapped = Doing(deeds, len(body)), Doing(deeds, len(body))

    async def ask_both() -> None:
        same(await ask(bare, body=body), await ask(with_nothing(wrapped), body=body))

    anyio.run(ask_both, backend=anyio_backend)

    assert wrapped.received == bare.received
