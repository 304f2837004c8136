"""A whole service with plugin files on disk: what it answers, what is open, what must be gone."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from marty_chassis import Chassis, create_app
from marty_chassis.lifecycle import PluginStatus

TOKEN = "the-operators-token-5f2b"
PREFIX = "/-/marty"

RETRIES = {"retry_initial": 0.02, "retry_max": 0.1}
SHORT = {
    "initialize_timeout": 0.5,
    "start_timeout": 0.5,
    "stop_timeout": 0.5,
    "shutdown_timeout": 2,
}
"""How long a plugin may take where one hangs; elsewhere a busy machine needs the usual time."""

ANSWER = "the application"


class Project:
    """A folder as a user has one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.limits: dict[str, float] = {}
        (root / "plugins").mkdir()

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file, and the folders above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def plugin(self, name: str, text: str | bytes) -> Path:
        """Write a plugin file."""
        return self.write(f"plugins/{name}.py", text)

    def configure(self, plugins: dict[str, Any] | None = None, **sections: Any) -> Path:
        """Write the configuration: JSON, which is YAML too."""
        written = {
            "plugins": {"directories": ["plugins"], "entry_points": "none", **(plugins or {})},
            "lifecycle": {**RETRIES, **self.limits},
            "management": {"token": TOKEN},
            **sections,
        }
        return self.write("config.yaml", json.dumps(written, indent=2))


class Application:
    """Something to serve, which knows whether it was ever asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.routes = [Route("/", self.answer), WebSocketRoute("/ws", self.talk)]

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        self.asked += 1
        return PlainTextResponse(ANSWER)

    async def talk(self, websocket: WebSocket) -> None:
        """Say one thing to whoever is let in."""
        self.asked += 1
        await websocket.accept()
        await websocket.send_text(ANSWER)
        await websocket.close()


class Service:
    """A chassis around a small application. `async with` starts it, stops it and looks for rests."""

    def __init__(self, config: Path, *, made: bool = False) -> None:
        self.application = Application()
        self.app: Any
        if made:
            self.app = create_app(config, routes=self.application.routes)
            self.chassis: Chassis = self.app.state.chassis
            self.prefix = ""
        else:
            self.chassis = Chassis(config)
            self.app = self.chassis.wrap(Starlette(routes=self.application.routes))
            self.prefix = PREFIX
        self.strays_allowed = False

    @property
    def manager(self) -> Any:
        """The plugin manager."""
        return self.chassis.plugin_manager

    def status(self, name: str) -> PluginStatus:
        """Everything about one plugin."""
        status: PluginStatus = self.manager.supervisor.status_of(name)
        return status

    def states(self) -> dict[str, str]:
        """The state of every plugin."""
        return {one.name: one.state.value for one in self.manager.supervisor.status()}

    def faults(self, name: str) -> list[tuple[str, str | None, str]]:
        """What a plugin did wrong: phase, hook and kind."""
        return [(f.phase.value, f.hook, f.kind) for f in self.chassis.faults.recent(name)]

    def client(self, token: str | None = None) -> httpx2.AsyncClient:
        """A client without a server between."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(transport=transport, base_url="http://service", headers=headers)

    async def get(self, path: str = "/", **headers: str) -> httpx2.Response:
        """A request of the application."""
        async with self.client() as client:
            return await client.get(path, headers=headers)

    async def managed(self, path: str, method: str = "GET") -> httpx2.Response:
        """A request of the management API, as the operator."""
        async with self.client(TOKEN) as client:
            return await client.request(method, f"{self.prefix}{path}")

    async def knock(self, path: str = "/ws", *, deny: bool = False) -> list[dict[str, Any]]:
        """What a client gets to hear that opens a websocket; with `deny`, from a server that can."""
        heard: list[dict[str, Any]] = []
        connected = False

        async def receive() -> dict[str, Any]:
            nonlocal connected
            if connected:
                return {"type": "websocket.disconnect", "code": 1000}
            connected = True
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            heard.append(message)

        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "scheme": "ws",
            "headers": [(b"host", b"service")],
            "subprotocols": [],
            "server": ("service", 80),
            "client": ("127.0.0.1", 4),
            "extensions": {"websocket.http.response": {}} if deny else {},
        }
        await self.app(scope, receive, send)
        return heard

    async def __aenter__(self) -> Self:
        await self.chassis.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.chassis.__aexit__(kind, error, traceback)
        if error is None:
            self.assert_at_rest()

    def assert_at_rest(self) -> None:
        """Nothing is open, nothing is registered, and nobody is left behind."""
        manager = self.manager
        assert self.chassis.pending() == {}
        assert set(manager.current.contributions) <= {"(application)"}
        assert not any(state.handlers or state.owner for state in manager.current.points.values())
        assert manager.event_bus.stats() == []
        assert not manager.service_registry._live
        assert not manager.selector._superseded
        if not self.strays_allowed:
            assert manager.failures.strays.names() == ()
        assert {one.state.at_rest for one in manager.supervisor.status()} <= {True}

    async def assert_nothing_of(self, *names: str) -> None:
        """Nothing that these plugins registered is left anywhere."""
        manager, current = self.manager, self.manager.current
        assert not self.chassis.pending().keys() & set(names)
        assert not current.contributions.keys() & set(names)
        for state in current.points.values():
            assert state.owner not in names
            assert not {handler.plugin for handler in state.handlers} & set(names)
        assert not {entry.plugin for entry in manager.event_bus.stats()} & set(names)
        registered = await self.chassis.service_registry.discover({"passing": False})
        assert not {one["name"] for one in registered} & {f"service-of-{name}" for name in names}
        figures = (await self.managed("/plugins/metrics")).json()
        assert not figures["plugins"].keys() & set(names)
        for name in names:
            assert not [stray for stray in manager.failures.strays.names() if name in stray]


async def until(condition: Callable[[], object]) -> None:
    """Wait for what other tasks bring about."""
    with anyio.fail_after(3):
        while not condition():
            await anyio.sleep(0.002)


Act = Callable[[Service], Awaitable[Any]]
