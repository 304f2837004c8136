"""The application's own lifespan, with ours inside: plugins start after it and stop before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from marty_chassis.errors import MartyError
from marty_hookspecs.web import ASGIApp, Message, Receive, Scope, Send

Act = Callable[[], Awaitable[None]]


class Lifespan:
    """One run of the lifespan protocol around an application, which keeps its own and its state.

    The application is awaited in the server's task, as if we were not there. `start` is awaited
    when it has said that its startup is complete, `stop` before it is told to shut down, and only
    if `start` has not raised. When that raises a `MartyError`, the application is shut down as at
    any end, the server is told that the startup failed, and the error is raised.
    """

    def __init__(self, app: ASGIApp, start: Act, stop: Act) -> None:
        self._app = app
        self._start = start
        self._stop = stop
        self._started = False
        self._began = False
        self._told = False
        self._failure: MartyError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak the protocol to its end."""
        self._receive, self._send = receive, send
        try:
            await self._of_the_application(scope)
            if not self._told:
                await self._without_the_application()
        finally:
            # A server that cancels its lifespan still gets its plugins stopped, in bounded time.
            with anyio.CancelScope(shield=True):
                await self._stop_once()
        if self._failure is not None:
            await send({"type": "lifespan.startup.failed", "message": str(self._failure)})
            # As Starlette does: a test client waits for more when nothing is raised.
            raise self._failure

    async def _of_the_application(self, scope: Scope) -> None:
        try:
            await self._app(scope, self._to_application, self._from_application)
        except Exception:
            # Before the first word this is how an application says that it knows no lifespan.
            if self._told:
                raise

    async def _without_the_application(self) -> None:
        if not self._began:
            await self._receive()
        await self._from_application({"type": "lifespan.startup.complete"})
        await self._to_application()
        await self._from_application({"type": "lifespan.shutdown.complete"})

    async def _to_application(self) -> Message:
        if self._failure is not None:
            return {"type": "lifespan.shutdown"}
        message = await self._receive()
        if message["type"] == "lifespan.startup":
            self._began = True
        elif message["type"] == "lifespan.shutdown":
            await self._stop_once()
        return message

    async def _from_application(self, message: Message) -> None:
        if not message["type"].startswith("lifespan."):
            # It answers whatever comes as if it were a request: it knows no lifespan.
            raise TypeError(f"{message['type']} is no answer to a lifespan")
        self._told = True
        if self._failure is not None:
            return  # The server will hear of the failure, and of nothing else.
        if message["type"] == "lifespan.startup.complete":
            try:
                await self._start()
                self._started = True
            except MartyError as error:
                self._failure = error
                return
        await self._send(message)

    async def _stop_once(self) -> None:
        if self._started:
            self._started = False
            await self._stop()

    def __repr__(self) -> str:
        return f"<Lifespan around {self._app!r}>"
