"""The service under load: `python -m benchmarks.reload_under_load.service FOLDER` prints its port."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import uvicorn
from loguru import logger
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from marty_chassis import create_app

SEEN = "x-front-asked"


def seen(request: Request) -> dict[str, str]:
    """What the plugin `front` has put into the request."""
    return {SEEN: request.headers[SEEN]}


async def home(request: Request) -> Response:
    """Answer at once."""
    return PlainTextResponse("hello", headers=seen(request))


async def slow(request: Request) -> Response:
    """Answer after some reloads."""
    await anyio.sleep(float(request.query_params["seconds"]))
    return PlainTextResponse("at last", headers=seen(request))


async def stream(request: Request) -> Response:
    """Answer in pieces, some reloads between the first and the last."""
    return StreamingResponse(
        pieces(int(request.query_params["pieces"])),
        headers=seen(request),
        media_type="text/event-stream",
    )


async def pieces(count: int) -> AsyncIterator[str]:
    for number in range(count):
        yield f"data: {number}\n\n"
        await anyio.sleep(0.1)


def main(folder: Path) -> None:
    """Serve until told to stop."""
    logger.remove()
    logger.add(sys.stderr, level="CRITICAL")
    app = create_app(
        folder / "config.yaml",
        routes=[Route("/", home), Route("/slow", slow), Route("/stream", stream)],
    )
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="on")
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
