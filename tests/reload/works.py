"""A real service with plugin files that change while it runs, and what they tell of themselves."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any

import anyio
import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.lifecycle import Reloaded, State

TOKEN = "the-operators-token"

LIMITS = {
    "initialize_timeout": 0.25,
    "start_timeout": 0.25,
    "stop_timeout": 0.25,
    "shutdown_timeout": 2,
    "retry_initial": 0.05,
    "retry_max": 0.4,
}

HEAD = """\
import anyio
import witness
from marty_chassis.plugins import (
    ExtensionPoint, ExtensionPointType, IEventHandlerPlugin, IHealthPlugin, IMetricsPlugin,
    IMiddlewarePlugin, IPlugin, PluginNotReady, hookimpl, plugin,
)
"""


def plugin_file(
    name: str, word: object, body: str = "", *, base: str = "IMiddlewarePlugin", says: str = ""
) -> str:
    """A plugin that stamps each answer with its word; `body` are further lines of its class."""
    stamp = """
    async def process_request(self, request, call_next):
        witness.log.append(("enter", NAME, WORD))
        response = await call_next(request)
        response.headers.append("x-stamp", f"{NAME}={WORD}")
        witness.log.append(("exit", NAME, WORD))
        return response
    """
    own = indent(dedent(stamp).strip(), "    ") if base == "IMiddlewarePlugin" else "    pass"
    more = indent(dedent(body).strip(), "    ")
    return (
        f"{HEAD}\nNAME, WORD = {name!r}, {word!r}\n\n"
        f"@plugin(name=NAME, version='1.0'{says and f', {says}'})\n"
        f"class Plugin({base}):\n{own}\n\n{more}\n"
    )


class Works:
    """The service: an application in a chassis, and its plugin folder."""

    def __init__(self, root: Path, witness: ModuleType) -> None:
        self.root = root
        self.folder = root / "plugins"
        self.folder.mkdir()
        self.witness = witness
        self.go_on: dict[str, anyio.Event] = {}
        self.chassis: Chassis
        self._stack = AsyncExitStack()

    @property
    def log(self) -> list[Any]:
        """What plugins have told."""
        told: list[Any] = self.witness.log
        return told

    def write(self, name: str, word: object, body: str = "", **more: Any) -> Path:
        """Write a plugin file; see `plugin_file`."""
        return self.write_text(name, plugin_file(name, word, body, **more))

    def write_text(self, name: str, text: str) -> Path:
        """Write a file as it is."""
        path = self.folder / f"{name.replace('-', '_')}.py"
        path.write_text(text)
        return path

    async def start(self, *plugins: object, file: Path | None = None, **settings: Any) -> Works:
        """Start the service with what is in the folder; a file may hold more sections."""
        own = settings.pop("plugins", {})
        config = ChassisConfig.load(
            file,
            {
                "plugins": {"directories": [str(self.folder)], "entry_points": "none", **own},
                "management": {"token": TOKEN},
                "lifecycle": LIMITS,
                **settings,
            },
        )
        self.chassis = Chassis(config, plugins=plugins)
        app = Starlette(
            routes=[
                Route("/", self._hello),
                Route("/slow", self._slow),
                Route("/stream", self._stream),
            ]
        )
        self.app = self.chassis.wrap(app)
        await self._stack.enter_async_context(self.chassis)
        return self

    async def stop(self) -> None:
        """Stop it."""
        await self._stack.aclose()

    async def reload(self, name: str, **more: Any) -> Reloaded:
        return await self.chassis.plugin_manager.reload(name, **more)

    async def get(self, path: str = "/") -> httpx2.Response:
        """One request of the application."""
        async with self.client() as client:
            return await client.get(path)

    async def post(self, path: str, **headers: str) -> httpx2.Response:
        """One request of the management API."""
        async with self.client() as client:
            return await client.post(f"/-/marty{path}", headers=headers)

    async def ask(self, path: str) -> Any:
        """What the management API shows."""
        async with self.client() as client:
            answer = await client.get(f"/-/marty{path}")
            assert answer.status_code == 200, answer.text
            return answer.json()

    def client(self) -> httpx2.AsyncClient:
        """A client with the operator's token."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app),
            base_url="http://service",
            headers={"authorization": f"Bearer {TOKEN}"},
        )

    async def stamps(self, path: str = "/") -> dict[str, str]:
        """Which word of each plugin an answer was stamped with."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return stamps(answer)

    @property
    def states(self) -> dict[str, State]:
        return {one.name: one.state for one in self.chassis.plugin_manager.supervisor.status()}

    def unit(self, name: str) -> Any:
        """What the lifecycle keeps of a plugin."""
        return self.chassis.plugin_manager.supervisor._moves.units[name]

    def plugin(self, name: str) -> Any:
        """The plugin itself."""
        return self.chassis.plugins.get(name)

    def order(self) -> dict[str, list[str]]:
        """Who is asked at each point, in this order."""
        points = self.chassis.plugin_manager.current.points.values()
        return {s.spec.name: [h.plugin for h in s.handlers] for s in points if s.handlers}

    def modules(self, name: str) -> list[str]:
        """The modules of a plugin's file that are in the process."""
        path = str(self.folder / f"{name.replace('-', '_')}.py")
        there = tuple(sys.modules.items())
        return [one for one, module in there if getattr(module, "__file__", None) == path]

    def assert_whole(self, **words: str) -> None:
        """Exactly these generations serve, each as a whole, and nothing else of them is there."""
        manager = self.chassis.plugin_manager
        for name, word in words.items():
            unit = self.unit(name)
            assert unit.state is State.STARTED
            assert unit.busy is None
            assert unit.life.body.instance is self.plugin(name)
            assert word == sys.modules[type(self.plugin(name)).__module__].WORD
            assert manager.current.contributions[name].run is unit.life.body.registrations
            assert unit.candidate.target is type(self.plugin(name))
            assert not unit.life.body.beside

    def hold(self, name: str) -> anyio.Event:
        """A gate that the application's slow answers wait at."""
        return self.go_on.setdefault(name, anyio.Event())

    async def _hello(self, request: Request) -> Response:
        return PlainTextResponse("hello")

    async def _slow(self, request: Request) -> Response:
        self.log.append("slow")
        await self.hold("slow").wait()
        return PlainTextResponse("at last")

    async def _stream(self, request: Request) -> Response:
        async def events() -> AsyncIterator[str]:
            for number in range(3):
                yield f"data: {number}\n\n"
                self.log.append(f"sent {number}")
                await self.hold(f"stream {number}").wait()

        return StreamingResponse(events(), media_type="text/event-stream")


def stamps(answer: httpx2.Response) -> dict[str, str]:
    """Which word of each plugin an answer was stamped with."""
    pairs = [value.partition("=") for value in answer.headers.get_list("x-stamp")]
    assert len(pairs) == len({name for name, _, _ in pairs}), pairs
    return {name: word for name, _, word in pairs}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other tasks bring about."""
    with anyio.fail_after(3):
        while not condition():
            await anyio.sleep(0.002)
