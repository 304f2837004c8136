"""Small applications that do what middleware tends to break, the same in three frameworks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from litestar import Litestar, asgi, get, post
from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar import WebSocket as LitestarWebSocket
from litestar.background_tasks import BackgroundTask as LitestarTask
from litestar.config.compression import CompressionConfig
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import websocket
from litestar.response import Redirect as LitestarRedirect
from litestar.response import Stream
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

Journal = list[str]
"""What the application did that its answers do not show."""

WHO: ContextVar[str] = ContextVar("who", default="nobody")
"""Set by an endpoint, read by its background task and by its stream."""


class Teapot(Exception):
    """Answered by a handler of the application's own."""


async def pieces() -> AsyncIterator[str]:
    for number in range(5):
        yield f"{number} {WHO.get()}\n" * (number * 50 + 1)
        await anyio.lowlevel.checkpoint()


async def breaks() -> AsyncIterator[str]:
    yield "half of it\n"
    await anyio.sleep(0.02)
    raise RuntimeError("in the middle of the body")


def events(journal: Journal) -> AsyncIterator[str]:
    async def told() -> AsyncIterator[str]:
        try:
            for number in range(1000):
                yield f"id: {number}\ndata: tick\n\n"
                await anyio.sleep(0.02)
        finally:
            journal.append("the client left")

    return told()


async def remembered(journal: Journal) -> None:
    await anyio.lowlevel.checkpoint()
    journal.append(f"in the background for {WHO.get()}")


async def size_of(chunks: AsyncIterator[bytes]) -> dict[str, object]:
    size, digest = 0, sha256()
    async for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
    return {"size": size, "sha256": digest.hexdigest()}


# Starlette -----------------------------------------------------------------------------------------


def starlette_app(journal: Journal, folder: Path) -> Starlette:
    async def as_json(request):
        response = JSONResponse({"path": request.url.path, "database": request.state.database})
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    async def stream(request):
        WHO.set("the stream")
        return StreamingResponse(pieces(), media_type="text/plain")

    async def half(request):
        return StreamingResponse(breaks(), media_type="text/plain")

    async def sse(request):
        return StreamingResponse(events(journal), media_type="text/event-stream")

    async def upload(request):
        return JSONResponse(await size_of(request.stream()))

    async def ignores_the_body(request):
        return PlainTextResponse("not read")

    async def unmodified(request):
        if request.headers.get("if-none-match") == '"v1"':
            return Response(status_code=304, headers={"etag": '"v1"'})
        return PlainTextResponse("v1", headers={"etag": '"v1"'})

    async def background(request):
        WHO.set("the task")
        return PlainTextResponse("later", background=BackgroundTask(remembered, journal))

    async def broken(request):
        raise RuntimeError("no handler knows this")

    async def teapot(request):
        raise Teapot

    async def where(request):
        return JSONResponse([request.scope["root_path"], request.url_for("sub:where").path])

    async def echo(websocket):
        await websocket.accept(subprotocol="echo", headers=[(b"x-greeting", b"hello")])
        async for text in websocket.iter_text():
            if text == "bye":
                await websocket.close(4000, "bye")
                return
            await websocket.send_text(text[::-1])

    async def no_entry(websocket):
        await websocket.close()

    async def poured(request, error):
        return PlainTextResponse("short and stout", 418)

    @asynccontextmanager
    async def lifespan(app):
        journal.append("up")
        yield {"database": "open"}
        journal.append("down")

    return Starlette(
        lifespan=lifespan,
        middleware=[Middleware(GZipMiddleware, minimum_size=500)],
        exception_handlers={Teapot: poured},
        routes=[
            Route("/json", as_json),
            Route("/stream", stream),
            Route("/half", half),
            Route("/sse", sse),
            Route("/upload", upload, methods=["POST"]),
            Route("/ignores", ignores_the_body, methods=["POST"]),
            Route("/unmodified", unmodified),
            Route("/background", background),
            Route("/empty", lambda request: Response(status_code=204)),
            Route("/away", lambda request: RedirectResponse("/json")),
            Route("/broken", broken),
            Route("/teapot", teapot),
            WebSocketRoute("/echo", echo),
            WebSocketRoute("/no-entry", no_entry),
            Mount("/sub", routes=[Route("/where/", where, name="where")], name="sub"),
            Mount("/files", StaticFiles(directory=folder)),
        ],
    )


# FastAPI -------------------------------------------------------------------------------------------


def fastapi_app(
    journal: Journal, folder: Path, make: Callable[..., FastAPI] = FastAPI, **given: Any
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app):
        journal.append("up")
        yield {"database": "open"}
        journal.append("down")

    app = make(lifespan=lifespan, **given)
    app.add_middleware(GZipMiddleware, minimum_size=500)
    router = APIRouter()

    async def dependency():
        journal.append("opened")
        try:
            yield "a session"
        finally:
            journal.append("closed")

    @app.middleware("http")
    async def stamps(request: Request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "app"
        return response

    @app.exception_handler(Teapot)
    async def poured(request, error):
        return PlainTextResponse("short and stout", 418)

    @router.get("/json")
    async def as_json(request: Request, response: Response, number: int = 1):
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return {"path": request.url.path, "database": request.state.database, "number": number}

    @router.get("/stream")
    async def stream():
        WHO.set("the stream")
        return StreamingResponse(pieces(), media_type="text/plain")

    @router.get("/sse")
    async def sse():
        return StreamingResponse(events(journal), media_type="text/event-stream")

    @router.post("/upload")
    async def upload(request: Request):
        return await size_of(request.stream())

    @router.post("/ignores")
    async def ignores_the_body():
        return PlainTextResponse("not read")

    @router.get("/unmodified")
    async def unmodified(request: Request):
        if request.headers.get("if-none-match") == '"v1"':
            return Response(status_code=304, headers={"etag": '"v1"'})
        return PlainTextResponse("v1", headers={"etag": '"v1"'})

    @router.get("/background")
    async def background(tasks: BackgroundTasks):
        tasks.add_task(remembered, journal)
        return "later"

    @router.get("/empty", status_code=204)
    async def empty() -> None: ...

    @router.get("/away")
    async def away():
        return RedirectResponse("/json")

    @router.get("/session")
    async def session(given: str = Depends(dependency)):
        return given

    @router.get("/forbidden")
    async def forbidden(given: str = Depends(dependency)):
        raise HTTPException(403, "not you")

    @router.get("/broken")
    async def broken():
        raise RuntimeError("no handler knows this")

    @router.get("/teapot")
    async def teapot():
        raise Teapot

    @router.get("/file")
    async def file():
        return FileResponse(folder / "page.txt", filename="page.txt")

    @router.websocket("/echo")
    async def echo(websocket: WebSocket):
        await websocket.accept(subprotocol="echo")
        async for text in websocket.iter_text():
            if text == "bye":
                await websocket.close(4000, "bye")
                return
            await websocket.send_text(text[::-1])

    sub = FastAPI(openapi_url=None)

    @sub.get("/where/", name="where")
    async def where(request: Request):
        return [request.scope["root_path"], request.url_for("where").path]

    app.include_router(router)
    app.mount("/sub", sub)
    return app


# Litestar, which is not made of Starlette's parts -----------------------------------------------------


def litestar_app(journal: Journal) -> Litestar:
    @asynccontextmanager
    async def lifespan(app):
        journal.append("up")
        app.state.database = "open"
        yield
        journal.append("down")

    @get("/json")
    async def as_json(request: LitestarRequest[Any, Any, Any]) -> dict[str, str]:
        return {"path": request.url.path, "database": request.app.state.database}

    @get("/stream")
    async def stream() -> Stream:
        WHO.set("the stream")
        return Stream(pieces(), media_type="text/plain")

    @get("/half")
    async def half() -> Stream:
        return Stream(breaks(), media_type="text/plain")

    @get("/sse")
    async def sse() -> Stream:
        return Stream(events(journal), media_type="text/event-stream")

    @post("/upload")
    async def upload(request: LitestarRequest[Any, Any, Any]) -> dict[str, object]:
        return await size_of(request.stream())

    @get("/background")
    async def background() -> LitestarResponse[str]:
        WHO.set("the task")
        return LitestarResponse("later", background=LitestarTask(remembered, journal))

    @get("/away")
    async def away() -> LitestarRedirect:
        return LitestarRedirect("/json")

    @get("/forbidden")
    async def forbidden() -> None:
        raise NotAuthorizedException("not you")

    @get("/broken")
    async def broken() -> None:
        raise RuntimeError("no handler knows this")

    @get("/teapot")
    async def teapot() -> None:
        raise Teapot

    @websocket("/echo")
    async def echo(socket: LitestarWebSocket[Any, Any, Any]) -> None:
        await socket.accept(subprotocols="echo")
        async for text in socket.iter_data(mode="text"):
            if text == "bye":
                await socket.close(4000, "bye")
                return
            await socket.send_text(text[::-1])

    @asgi("/sub", is_mount=True, copy_scope=True)
    async def sub(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(f"{scope['path']}")(scope, receive, send)

    def poured(request: LitestarRequest[Any, Any, Any], error: Exception) -> LitestarResponse[str]:
        return LitestarResponse("short and stout", status_code=418)

    return Litestar(
        [
            as_json,
            stream,
            half,
            sse,
            upload,
            background,
            away,
            forbidden,
            broken,
            teapot,
            echo,
            sub,
        ],
        lifespan=[lifespan],
        compression_config=CompressionConfig(backend="gzip", minimum_size=500),
        exception_handlers={Teapot: poured},
        openapi_config=None,
    )
