"""A request through 0, 1 and 10 plugins that each set one request and one response header.

Run it:  python -m benchmarks.middleware
Prints:  one table for each number of plugins, then the targets and whether they were reached.

Beside the same headers set by pure ASGI middleware as people write it (`MutableHeaders`), by pure
ASGI middleware that appends bytes, and by `BaseHTTPMiddleware`. In-process, without a server, 10
request headers, on uvloop where it is installed.
"""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from benchmarks.alternating import Measured, Once, alternate
from marty_chassis.hooks import HookManager, Registrations
from marty_chassis.web.host import Host
from marty_hookspecs import hookimpl

SIZES = (0, 1, 10)
ASGI = Callable[..., Awaitable[None]]
Message = MutableMapping[str, Any]


class Plugin:
    """Sets one header each way."""

    def __init__(self, number: int) -> None:
        self.request_header = f"X-Request-{number}"
        self.response_header = f"X-Response-{number}"

    @hookimpl
    async def middleware_process(self, request: Any, call_next: Any) -> Any:
        """As in the specification's tracing plugin."""
        request.headers[self.request_header] = "1"
        response = await call_next(request)
        response.headers[self.response_header] = "1"
        return response


class Through:
    """Does nothing."""

    @hookimpl
    async def middleware_process(self, request: Any, call_next: Any) -> Any:
        """Pass the request on."""
        return await call_next(request)


class Idiom:
    """The same as pure ASGI, with Starlette's `MutableHeaders`."""

    def __init__(self, app: ASGI, number: int) -> None:
        self.app = app
        self.request_header = f"X-Request-{number}"
        self.response_header = f"X-Response-{number}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[self.response_header] = "1"
            await send(message)

        scope = dict(scope)
        MutableHeaders(scope=scope)[self.request_header] = "1"
        await self.app(scope, receive, sent)


class Raw:
    """The same as pure ASGI that appends bytes, as fast as it can be written."""

    def __init__(self, app: ASGI, number: int) -> None:
        self.app = app
        self.request_header = (f"x-request-{number}".encode(), b"1")
        self.response_header = (f"x-response-{number}".encode(), b"1")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self.response_header]
            await send(message)

        await self.app(
            {**scope, "headers": [*scope["headers"], self.request_header]}, receive, sent
        )


class Layer:
    """Pure ASGI that does nothing, but stands where it could: around `send`."""

    def __init__(self, app: ASGI, number: int) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Message) -> None:
            await send(message)

        await self.app(scope, receive, sent)


class Base(BaseHTTPMiddleware):
    """The same with `BaseHTTPMiddleware`, whose request cannot be given a header."""

    def __init__(self, app: Any, number: int) -> None:
        super().__init__(app)
        self.request_header = f"X-Request-{number}"
        self.response_header = f"X-Response-{number}"

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        MutableHeaders(scope=request.scope)[self.request_header] = "1"
        response = await call_next(request)
        response.headers[self.response_header] = "1"
        return response


async def hello(request: Any) -> PlainTextResponse:
    """The endpoint."""
    return PlainTextResponse("hello")


async def stream(request: Any) -> StreamingResponse:
    """Ten chunks, each after the loop was asked once."""

    async def chunks() -> Any:
        for _ in range(10):
            yield b"x" * 100
            await asyncio.sleep(0)

    return StreamingResponse(chunks())


def application() -> Starlette:
    """A new one, so that nobody shares a middleware stack."""
    return Starlette(routes=[Route("/", hello), Route("/stream", stream)])


def layered(layer: Callable[[Any, int], Any], size: int) -> ASGI:
    """The application in so many layers of one kind."""
    app: Any = application()
    for number in range(size):
        app = layer(app, number)
    made: ASGI = app
    return made


def hosted(plugin: Callable[[int], object], size: int) -> ASGI:
    """The application in our host with so many plugins."""
    manager = HookManager()
    for number in range(size):
        registrations = Registrations(manager, f"p{number}")
        registrations.read(plugin(number))
        registrations.publish()
    return Host(application(), manager)


def requested(app: ASGI, path: str = "/") -> Once:
    """So many requests to an application."""
    headers = [(f"x-given-{number}".encode(), b"value") for number in range(10)]

    async def receive() -> Message:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        pass

    async def once(count: int) -> None:
        for _ in range(count):
            scope = {
                "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"},
                "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
                "raw_path": path.encode(), "query_string": b"", "root_path": "",
                "headers": list(headers), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
                "state": {},
            }  # fmt: skip
            await app(scope, receive, send)

    return once


async def table(size: int) -> dict[str, Measured]:
    """Everybody beside the bare application."""
    variants = {"bare Starlette": requested(application()), "ours": requested(hosted(Plugin, size))}
    if size:
        variants |= {
            "ours, plugins that do nothing": requested(hosted(lambda _: Through(), size)),
            "pure ASGI, layers that do nothing": requested(layered(Layer, size)),
            "pure ASGI, bytes": requested(layered(Raw, size)),
            "pure ASGI, MutableHeaders": requested(layered(Idiom, size)),
            "BaseHTTPMiddleware": requested(layered(Base, size)),
        }
    print(f"\n{size} plugins")
    measured = await alternate(variants)
    for one in measured:
        print(f"  {one}")
    return {one.name: one for one in measured}


async def streaming() -> Measured:
    """Five plugins before a response of ten chunks."""
    print("\n5 plugins, 10 chunks")
    measured = await alternate(
        {
            "bare Starlette": requested(application(), "/stream"),
            "ours": requested(hosted(Plugin, 5), "/stream"),
        }
    )
    for one in measured:
        print(f"  {one}")
    return measured[1]


async def main() -> None:
    """Measure, then compare with what was promised."""
    print(f"Python {platform.python_version()}, {type(asyncio.get_running_loop()).__module__}")
    tables = {size: await table(size) for size in SIZES}
    stream_ratio = (await streaming()).ratio

    def over(size: int, rival: str, ours: str = "ours") -> float:
        return tables[size][rival].ratio / tables[size][ours].ratio

    def marginal(name: str) -> float:
        """Seconds that one more costs, of best times, as each table has a baseline of its own."""
        return (tables[10][name].best - tables[1][name].best) / 9

    through = marginal("ours, plugins that do nothing") / marginal(
        "pure ASGI, layers that do nothing"
    )
    quick = sys.version_info >= (3, 12)
    idiom = 1 / over(10, "pure ASGI, MutableHeaders")
    promises = [
        ("G8  BaseHTTPMiddleware / ours, 1 plugin", over(1, "BaseHTTPMiddleware"), ">=", 5.0),
        ("G8  BaseHTTPMiddleware / ours, 10 plugins", over(10, "BaseHTTPMiddleware"), ">=", 30.0),
        ("G10 one more plugin / one more layer, idle", through, "<=", 0.35),
        ("G9  ours / MutableHeaders, 10 plugins", idiom, "<=", 0.7 if quick else 0.9),
        ("G11 ours / bare, no plugins", tables[0]["ours"].ratio, "<=", 1.05),
        ("G13 ours / bare, streaming, 5 plugins", stream_ratio, "<=", 1.25),
    ]
    print("\ntargets")
    for name, found, sign, wanted in promises:
        reached = found >= wanted if sign == ">=" else found <= wanted
        print(f"  {name:<46}{found:>8.2f}   {sign} {wanted:<6}{'yes' if reached else 'NO'}")


if __name__ == "__main__":
    try:
        import uvloop
    except ModuleNotFoundError:
        asyncio.run(main())
    else:
        uvloop.run(main())
