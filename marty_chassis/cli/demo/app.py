"""The demo's own routes. `marty demo` serves them; so do `marty run app:app` and `uvicorn app:app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from marty_chassis import create_app


async def home(request: Request) -> JSONResponse:
    """This service, as its registry knows it: the plugin service-tagger has added tags."""
    chassis = request.app.state.chassis
    return JSONResponse(
        await chassis.service_registry.discover({"name": chassis.config.service.name})
    )


async def hello(request: Request) -> PlainTextResponse:
    """The headers of the answer are the plugin request-timing's."""
    return PlainTextResponse(f"Hello, {request.path_params['name']}!\n")


async def stream(request: Request) -> StreamingResponse:
    """A body that comes in pieces passes through the plugins piece by piece."""
    return StreamingResponse(_count(), media_type="text/plain")


async def _count() -> AsyncIterator[str]:
    for number in range(1, 6):
        yield f"{number}\n"
        await anyio.sleep(0.2)


app = create_app(
    Path(__file__).parent / "config.yaml",
    routes=[Route("/", home), Route("/hello/{name}", hello), Route("/stream", stream)],
)
