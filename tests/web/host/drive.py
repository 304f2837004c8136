"""A server for one request, and an application with plugins around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import anyio
import anyio.lowlevel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marty_chassis.hooks import HookManager, Registrations, Standing
from marty_chassis.web.host import Host
from marty_chassis.web.staging import stage
from marty_hookspecs import hookimpl

Process = Callable[[Any, Any], Awaitable[Any]]


class Answer:
    """What one request came to: every message that the server got, and what was raised to it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.error: BaseException | None = None

    @property
    def starts(self) -> list[Message]:
        return [m for m in self.messages if m["type"] == "http.response.start"]

    @property
    def status(self) -> int:
        (start,) = self.starts
        return int(start["status"])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        (start,) = self.starts
        return [(n.decode("latin-1"), v.decode("latin-1")) for n, v in start.get("headers", ())]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def chunks(self) -> list[bytes]:
        return [m.get("body", b"") for m in self.messages if m["type"] == "http.response.body"]

    @property
    def complete(self) -> bool:
        """Whether the body came to its end."""
        bodies = [m for m in self.messages if m["type"] == "http.response.body"]
        return bool(bodies) and not bodies[-1].get("more_body", False)


def http_scope(
    path: str = "/",
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    spec: str = "2.3",
    **more: Any,
) -> Scope:
    """A scope as uvicorn makes it, which says 2.3: a stream's start comes from a child task."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": spec},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 80),
        "state": {},
        **more,
    }


class Server:
    """Serves one request in the caller's task, as a real one does: a disconnect when it is over."""

    def __init__(self, scope: Scope, body: Sequence[bytes] = (b"",)) -> None:
        self.scope = scope
        self.answer = Answer()
        self.gone = anyio.Event()
        """Set it: the client has gone."""
        self.started = anyio.Event()
        self.waiting = anyio.Event()
        """Somebody has read the whole body and waits for the client to go."""
        self._body = [
            {"type": "http.request", "body": chunk, "more_body": number < len(body)}
            for number, chunk in enumerate(body, 1)
        ]
        self.received = 0

    async def receive(self) -> Message:
        await anyio.lowlevel.checkpoint()
        if self._body and not self.gone.is_set():
            self.received += 1
            return self._body.pop(0)
        self.waiting.set()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        if self.gone.is_set() and not self.answer.complete:
            return
        self.answer.messages.append(message)
        if message["type"] == "http.response.start":
            self.started.set()
        if self.answer.complete:
            self.gone.set()

    async def has_sent(self, chunks: int) -> None:
        """Wait for so many chunks of the body."""
        while len(self.answer.chunks) < chunks:
            await anyio.sleep(0.001)

    async def serve(self, app: ASGIApp) -> Answer:
        with anyio.fail_after(5):
            try:
                await app(self.scope, self.receive, self.send)
            except Exception as error:
                self.answer.error = error
        return self.answer


async def ask(
    app: ASGIApp,
    path: str = "/",
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: Sequence[bytes] = (b"",),
    **more: Any,
) -> Answer:
    """One request, and what it came to."""
    return await Server(http_scope(path, method, headers, **more), body).serve(app)


class Processing:
    """A plugin of one function around the rest."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @hookimpl
    async def middleware_process(self, request: Any, call_next: Any) -> Any:
        return await self._process(request, call_next)


async def passing(request: Any, call_next: Any) -> Any:
    """A plugin's function that does nothing."""
    return await call_next(request)


class House:
    """A manager and what plugins brought to it."""

    def __init__(self) -> None:
        self.manager = HookManager()
        self.registrations: dict[str, Registrations] = {}

    def plugin(self, name: str, plugin: object, **standing: Any) -> Registrations:
        """Register a plugin's hookimpls, visibly."""
        registrations = Registrations(self.manager, name, Standing(**standing))
        registrations.read(plugin)
        registrations.publish()
        self.registrations[name] = registrations
        return registrations

    async def staged(self, name: str, plugin: object, **standing: Any) -> Registrations:
        """The same, with what is asked at staging."""
        registrations = Registrations(self.manager, name, Standing(**standing))
        registrations.read(plugin)
        await stage(registrations)
        registrations.publish()
        return registrations

    def around(self, app: ASGIApp, *processes: Process, **standing: Any) -> Host:
        """A host with these functions around the application, the first one outermost."""
        for number, process in enumerate(processes):
            self.plugin(f"p{number}", Processing(process), **standing)
        return Host(app, self.manager)

    def faults(self, plugin: str) -> list[str]:
        """What a plugin did wrong: the kinds of errors."""
        return [fault.kind for fault in self.manager.faults.recent(plugin)]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """The plainest application."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
    )
    await send({"type": "http.response.body", "body": b"hello"})
