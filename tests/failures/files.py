"""Plugin files: one that makes trouble where it is told to, and two that live beside it."""

from __future__ import annotations

from textwrap import indent

NEIGHBOUR = '''
"""Answers in every way that a plugin can, and minds its own business."""

from marty_chassis.plugins import IEventHandlerPlugin, IMiddlewarePlugin, hookimpl, plugin
from starlette.responses import PlainTextResponse
from starlette.routing import Route


@plugin(name="neighbour")
class Neighbour(IMiddlewarePlugin, IEventHandlerPlugin):
    heard = ()

    async def process_request(self, request, call_next):
        response = await call_next(request)
        response.headers["x-neighbour"] = "here"
        return response

    async def process_websocket(self, websocket, call_next):
        websocket.scope["neighbour"] = "here"
        await call_next(websocket)

    def get_middleware_priority(self):
        return 10

    def get_event_subscriptions(self):
        return {"news.*": "listen"}

    async def listen(self, event_data):
        self.heard += (event_data,)

    @hookimpl
    def web_routes(self):
        return [Route("/neighbour", lambda request: PlainTextResponse("the neighbour"))]

    @hookimpl
    def service_discover(self, query):
        return [{"name": "next-door", "id": "next-door-1"}]

    @hookimpl
    def service_pre_register(self, service_info):
        service_info["tags"] = [*service_info["tags"], "neighbour"]
        return service_info

    @hookimpl
    def health_check(self):
        return {"healthy": True, "rooms": 3}

    @hookimpl
    def metrics_collect(self):
        return {"rooms": 3}

    @hookimpl
    def plugin_failed(self, plugin_name, phase):
        self.heard += (f"{plugin_name} failed in {phase}",)
'''

LEANING = """
from marty_chassis.plugins import IPlugin, plugin


@plugin(name="leaning", dependencies=["troubled"])
class Leaning(IPlugin): ...
"""

_TROUBLED = '''
"""Opens something of every kind, and makes trouble."""

import asyncio
import sys
from pathlib import Path

import anyio
from marty_chassis.plugins import ExtensionPoint, IPlugin, hookimpl, plugin
from starlette.responses import PlainTextResponse
from starlette.routing import Route


class Odd(BaseException):
    pass


async def made_up_cancellation():
    if asyncio._get_running_loop() is not None:
        return asyncio.CancelledError("made up")
    kept = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        try:
            await anyio.sleep_forever()
        except BaseException as error:
            kept.append(error)
            raise
    return kept[0]


async def deaf():
    while not Path("released").exists():
        try:
            await anyio.sleep(0.01)
        except anyio.get_cancelled_exc_class():
            pass


# in import


@plugin(name="troubled", version="1.2.3", failure_policy="open")
class Troubled(IPlugin):
    def __init__(self):
        # in construct
        self.started = 0

    async def initialize(self, context):
        context.extension_points.register_extension_point(ExtensionPoint("troubled.word"))
        context.extension_points.register_handler("service.post_register", self.hear)
        context.event_bus.subscribe("news.*", self.listen)
        context.metrics.counter("seen", "what it saw").inc()
        context.tasks.start(anyio.sleep_forever)
        context.resources.callback(lambda: None)
        await context.service_registry.register(
            {"name": "service-of-troubled", "id": "troubled-1"}
        )
        # in initialize

    async def start(self):
        self.started += 1
        # in start

    async def stop(self):
        # in stop
        return

    def hear(self, service_info): ...

    async def listen(self, event_data): ...

    @hookimpl
    def events_subscriptions(self):
        return {"other.*": self.listen}

    @hookimpl
    def web_wrap(self, app):
        async def around(scope, receive, send):
            await app(scope, receive, send)

        return around

    @hookimpl
    def web_routes(self):
        return [Route("/troubled", lambda request: PlainTextResponse("troubled"))]

    @hookimpl
    def health_check(self):
        return {"healthy": True}
    # more
'''

RAISING = {
    "exception": ("raise ValueError('no host')", "ValueError"),
    "exit": ("sys.exit(3)", "SystemExit"),
    "cancelled": ("raise await made_up_cancellation()", "Cancelled"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "base": ("raise Odd('odd')", "Odd"),
    "group": (
        "raise BaseExceptionGroup('many', [SystemExit(3), ValueError('one')])",
        "BaseExceptionGroup",
    ),
}
"""Ways to raise, and the name of what is raised; `Cancelled...` is the event loop's own."""


def plainly(kind: str) -> str:
    """The statement that raises, for a function that is not asynchronous."""
    return "raise asyncio.CancelledError" if kind == "cancelled" else RAISING[kind][0]


def troubled(**troubles: str) -> str:
    """The file, with these statements in these places: import, construct, ..., more."""
    text = _TROUBLED
    for place, statements in troubles.items():
        mark = f"# in {place}" if place != "more" else "# more"
        (line,) = [one for one in text.splitlines() if one.strip() == mark]
        margin = line[: len(line) - len(line.lstrip())]
        text = text.replace(f"{line}\n", f"{indent(statements.strip(), margin)}\n")
    return text


def hooked(hook: str, parameters: str, statements: str, *, needs: str = "") -> str:
    """A file with one asynchronous hookimpl of one extension point and nothing else."""
    return f"""{_TROUBLED.partition("# in import")[0]}

@plugin(name="troubled", {needs})
class Troubled(IPlugin):
    @hookimpl
    async def {hook}({", ".join(("self", *parameters.split()))}):
{indent(statements.strip(), " " * 8)}
"""
