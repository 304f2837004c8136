"""What request-tracing adds to a request, and structured-logging to a log line.

Run it:  python -m benchmarks.tracing_and_logging
Prints:  a table of requests, and one of lines.

In-process, without a server, 10 request headers, on uvloop where it is installed. Lines go to the
null device, so that the disk plays no part.
"""

from __future__ import annotations

import asyncio
import os
from copy import deepcopy
from typing import Any

from loguru import logger
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from benchmarks.alternating import Once, alternate
from marty_chassis.contrib.request_tracing import RequestTracing
from marty_chassis.contrib.structured_logging import StructuredLogging
from marty_chassis.testing import PluginHost

TEXT = "{time} {level} {name}:{function}:{line} {message} {extra}"
HEADERS = [(f"x-header-{number}".encode(), b"value") for number in range(9)]


async def home(request: Any) -> PlainTextResponse:
    return PlainTextResponse("home")


APP = Starlette(routes=[Route("/", home)])


def requests(app: Any) -> Once:
    """Ask an application so many times."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"service"), *HEADERS],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    async def once(count: int) -> None:
        for _ in range(count):
            await app({**scope, "state": {}}, receive, send)

    return once


def lines(log: Any) -> Once:
    """Write so many lines."""

    async def once(count: int) -> None:
        for number in range(count):
            log.info("order {number} was placed", number=number, user="jo", total=12.5)

    return once


async def main() -> None:
    logger.remove()
    print("a request", flush=True)
    async with PluginHost(app=APP) as bare, PluginHost(RequestTracing, app=APP) as traced:
        for host in (bare, traced):
            host.events.stop()  # nobody listens, as in a service without metrics
        variants = {
            "a chassis without plugins": requests(bare.app),
            "with request-tracing": requests(traced.app),
        }
        for measured in await alternate(variants):
            print(measured)
    print("\na line", flush=True)
    # Loggers of their own, each with one sink.
    text, nested = deepcopy(logger), deepcopy(logger)
    with open(os.devnull, "w") as null:  # noqa: ASYNC230  # it never waits
        text.add(null, format=TEXT, diagnose=False, backtrace=False)
        nested.add(null, serialize=True, diagnose=False, backtrace=False)
        async with PluginHost(StructuredLogging, config={"destination": os.devnull}):
            variants = {
                "loguru's text": lines(text),
                "loguru's JSON (nested)": lines(nested),
                "structured-logging": lines(logger),
            }
            for measured in await alternate(variants):
                print(measured)


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
