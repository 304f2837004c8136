"""An ASGI application in this process: its lifespan, and requests to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from marty_chassis.boundary import Detached, Signal, spawn
from marty_chassis.errors import MissingExtra
from marty_hookspecs.web import ASGIApp, Message, Receive, Scope, Send

try:
    import httpx2
except ImportError:
    raise MissingExtra("testing a plugin", "httpx2", "testing") from None

URL = "http://service"


@asynccontextmanager
async def asgi_client(
    app: ASGIApp, *, headers: Mapping[str, str] | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """Run the application's lifespan, and give a client of it whose requests need no server.

    Raises what the startup raised, and what the shutdown raised. An error that the application
    raises into its server is raised by the request.
    """
    async with running(app) as asked, client(asked, headers=headers) as made:
        yield made


def client(
    app: ASGIApp, *, url: str = URL, headers: Mapping[str, str] | None = None
) -> httpx2.AsyncClient:
    """Give a client of an application that runs."""
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(transport=transport, base_url=url, headers=dict(headers or {}))


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[ASGIApp]:
    """Run an application's lifespan, in a task of its own; gives what is to be asked."""
    lifespan = _Lifespan(app)
    await lifespan.startup()
    try:
        yield lifespan.ask
    finally:
        with anyio.CancelScope(shield=True):
            await lifespan.shutdown()


class _Lifespan:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._started: Signal[None] = Signal()
        self._ending: Signal[None] = Signal()
        self._told = False
        self._failure = ""
        self._state: dict[str, Any] = {}
        self._task: Detached[None]

    async def ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the application as a server does, which hands on what the lifespan has put down."""
        await self._app({**scope, "state": dict(self._state)}, receive, send)

    async def startup(self) -> None:
        self._task = spawn(self._run, name="lifespan")
        self._task.when_ended(self._ended)
        try:
            await self._started.wait()
        except anyio.get_cancelled_exc_class():
            self._task.cancel()
            raise
        if self._failure:
            await self._task.wait()
            self._task.result()
            raise RuntimeError(f"the application did not start: {self._failure}")

    async def shutdown(self) -> None:
        self._ending.set(None)
        await self._task.wait()
        self._task.result()

    def _ended(self, _: Detached[None]) -> None:
        self._started.set(None)

    async def _run(self) -> None:
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception:
            # Before its first word this is how an application says that it knows no lifespan.
            if self._started.is_set or self._failure:
                raise

    async def _receive(self) -> Message:
        if not self._told:
            self._told = True
            return {"type": "lifespan.startup"}
        await self._ending.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            self._failure = message.get("message") or "it did not say why"
        elif message["type"] == "lifespan.startup.complete":
            self._started.set(None)
