"""The plugins that are reloaded: their files, in any generation, whole or broken in four ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

COUNTING = '''
"""What each plugin here does: it says which run it is, and counts who is inside of it."""

import json
import time
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from marty_chassis.plugins import IPlugin

LOG = Path(__file__).parent.parent / "log.jsonl"


class Counted(IPlugin):
    generation = 0

    async def initialize(self, context):
        self.stamp = f"{self.generation}.{token_hex(4)}"
        self.inside_now = self.served = 0
        self.stopped = False
        self.write("made")

    async def stop(self):
        self.write("stopped")
        self.stopped = True

    def write(self, what):
        line = [what, self.plugin_metadata.name, self.stamp, self.inside_now, self.served]
        with open(LOG, "a") as log:
            log.write(json.dumps([*line, time.monotonic()]) + "\\n")

    @contextmanager
    def inside(self):
        if self.stopped:
            self.write("entered late")
        self.inside_now += 1
        try:
            yield
        finally:
            self.inside_now -= 1
            self.served += 1
            if self.stopped:
                self.write("left late")
'''

FRONT = """
from marty_chassis.plugins import IMiddlewarePlugin, hookimpl, plugin

from ._counting import Counted


@plugin(name="front", version="1.0.{generation}")
class Front(Counted, IMiddlewarePlugin):
    generation = {generation}

    async def process_request(self, request, call_next):
        with self.inside():
            request.headers["x-front-asked"] = self.stamp
            response = await call_next(request)
            response.headers["x-front"] = self.stamp
            return response

    @hookimpl
    async def middleware_post_response(self, response):
        response.headers["x-front-post"] = self.stamp
"""

GUARD = """
from marty_chassis.plugins import IMiddlewarePlugin, plugin

from ._counting import Counted


@plugin(name="guard", version="1.0.{generation}", dependencies=["front"])
class Guard(Counted, IMiddlewarePlugin):
    generation = {generation}

    async def initialize(self, context):
        await super().initialize(context)
        self.front = context.plugins.get("front")

    async def process_request(self, request, call_next):
        with self.inside():
            response = await call_next(request)
            response.headers["x-guard"] = self.stamp
            response.headers["x-front-of-guard"] = self.front.stamp
            response.headers["x-front-found"] = self.context.plugins.get("front").stamp
            return response
"""

SHOP = """
import anyio
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from marty_chassis.plugins import IMiddlewarePlugin, hookimpl, plugin

from ._counting import Counted


@plugin(name="shop", version="1.0.{generation}")
class Shop(Counted, IMiddlewarePlugin):
    generation = {generation}

    @hookimpl
    def web_routes(self):
        return [Route("/shop", self.shop), Route("/shop/stream", self.stream)]

    async def process_request(self, request, call_next):
        with self.inside():
            response = await call_next(request)
            response.headers["x-shop"] = self.stamp
            return response

    async def shop(self, request):
        with self.inside():
            return PlainTextResponse("open", headers={{"x-shop-route": self.stamp}})

    async def stream(self, request):
        return StreamingResponse(
            self.pieces(int(request.query_params["pieces"])), media_type="text/event-stream"
        )

    async def pieces(self, count):
        with self.inside():
            for _ in range(count):
                yield f"data: x-shop-piece {{self.stamp}}\\n\\n"
                await anyio.sleep(0.1)
"""

WRAPPED = """
from marty_chassis.plugins import hookimpl, plugin

from ._counting import Counted


class Stamped:
    def __init__(self, app, plugin):
        self.app, self.plugin = app, plugin

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        stamp = self.plugin.stamp
        streams = False

        async def sent(message):
            nonlocal streams
            if message["type"] == "http.response.start":
                headers = message["headers"]
                streams = any(b"event-stream" in value for _, value in headers)
                message["headers"] = [*headers, (b"x-wrapped", stamp.encode())]
            elif streams and message.get("body"):
                body = message["body"] + f"data: x-wrapped-piece {{stamp}}\\n\\n".encode()
                message = {{**message, "body": body}}
            await send(message)

        with self.plugin.inside():
            await self.app(scope, receive, sent)


@plugin(name="wrapped", version="1.0.{generation}")
class Wrapped(Counted):
    generation = {generation}

    @hookimpl
    def web_wrap(self, app):
        return Stamped(app, self)

    @hookimpl
    async def middleware_post_response(self, response):
        response.headers["x-wrapped-post"] = self.stamp
"""

BESIDE = """
from marty_chassis.plugins import IEventHandlerPlugin, IHealthPlugin, IMiddlewarePlugin, plugin


@plugin(name="beside-{number}")
class Beside(IMiddlewarePlugin, IEventHandlerPlugin, IHealthPlugin):
    async def process_request(self, request, call_next):
        return await call_next(request)

    def get_event_subscriptions(self):
        return {{"nothing.{number}": "handle_event"}}

    async def check_health(self):
        return True
"""

PLUGINS = {"front": FRONT, "guard": GUARD, "shop": SHOP, "wrapped": WRAPPED}
STANDS_ON = {"guard": "front"}


def _raising(where: str, text: str) -> str:
    """The text with a method that raises, in the place of the one it may have."""
    text = text.replace(f"async def {where}(", f"async def {where}_not(")
    head, line, rest = text.partition("    generation = ")
    number, _, rest = rest.partition("\n")
    method = f"    async def {where}(self, *given):\n        raise RuntimeError('not this time')"
    return f"{head}{line}{number}\n\n{method}\n{rest}"


BREAKS: dict[str, Callable[[str], str]] = {
    "syntax error": lambda text: f"{text}\ndef (:\n",
    "import error": lambda text: f"import nowhere_to_be_found\n{text}",
    "initialize raises": lambda text: _raising("initialize", text),
    "start raises": lambda text: _raising("start", text),
}


def write(folder: Path, name: str, generation: int, broken: str | None = None) -> None:
    """Write a plugin's file as an editor does: whole, or not at all."""
    text = PLUGINS[name].format(generation=generation)
    if broken is not None:
        text = BREAKS[broken](text)
    fresh = folder / f".{name}.new"
    fresh.write_text(text)
    fresh.replace(folder / f"{name}.py")


def write_all(folder: Path, beside: int = 0) -> None:
    """Write all plugins in their generation 0, and so many that nobody reloads."""
    (folder / "_counting.py").write_text(COUNTING)
    for name in PLUGINS:
        write(folder, name, 0)
    for number in range(beside):
        (folder / f"beside_{number}.py").write_text(BESIDE.format(number=number))
