"""The application of a test that brings none: it answers every path with what it was asked."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with JSON: method, path, query, headers and body as they came here.

    A websocket gets each of its messages back.
    """
    if scope["type"] == "http":
        request = Request(scope, receive)
        said = {
            "method": request.method,
            "path": request.url.path,
            "query": dict(request.query_params),
            "headers": dict(request.headers),
            "body": (await request.body()).decode(errors="replace"),
        }
        await JSONResponse(said)(scope, receive, send)
    elif scope["type"] == "websocket":
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        while (message := await websocket.receive())["type"] == "websocket.receive":
            await websocket.send({**message, "type": "websocket.send"})
    else:
        raise RuntimeError(f"there is nothing to be done for {scope['type']}")
