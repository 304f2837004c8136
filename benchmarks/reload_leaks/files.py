"""The plugins that are reloaded: three that are clean, and five that leak, each in its own way."""

from __future__ import annotations

PLAIN = """
import logging
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from loguru import logger
from pydantic import BaseModel
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from marty_chassis.plugins import IHealthPlugin, IMiddlewarePlugin, hookimpl, plugin

stdlib = logging.getLogger(__name__)
below = logging.getLogger(f"{{__name__}}.below.that")


class Colour(Enum):
    RED = 1


@dataclass(frozen=True, slots=True)
class Held:
    number: int
    names: list[str] = field(default_factory=list)


class Settings(BaseModel):
    limit: int = 10


@lru_cache
def doubled(number: int) -> int:
    return 2 * number


@plugin(name="watched", version="1.0.{generation}", config_schema=Settings)
class Watched(IMiddlewarePlugin, IHealthPlugin):
    generation = {generation}
    payload = bytes(100_000)

    async def initialize(self, context):
        self.held = Held(doubled(21))
        self.requests = context.metrics.counter("watched_requests")
        context.logger.info("here")
        logger.debug("here")
        stdlib.debug("here")
        context.resources.callback(self.gone)

    def gone(self):
        self.held = None

    async def process_request(self, request, call_next):
        self.requests.inc()
        return await call_next(request)

    @hookimpl
    def web_wrap(self, app):
        async def around(scope, receive, send):
            await app(scope, receive, send)

        return around

    @hookimpl
    def web_routes(self):
        return [Route("/watched", self.answer)]

    async def answer(self, request):
        return PlainTextResponse(Colour.RED.name)

    async def check_health(self):
        return True
"""

FIFTY = "".join(
    f"""

@dataclass(order=True)
class Data{number}:
    first: int
    second: "list[Data{number}]" = field(default_factory=list, compare=False)


class Shape{number}(Shape):
    def area(self) -> float:
        return {number}.0


class Named{number}(NamedTuple):
    first: int


class Generic{number}(Generic[T]):
    pass
"""
    for number in range(50)
)

MANY = f"""
import abc
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from marty_chassis.plugins import IMiddlewarePlugin, plugin

T = TypeVar("T")


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self) -> float: ...
{FIFTY}

@plugin(name="watched", version="1.0.{{generation}}")
class Watched(IMiddlewarePlugin):
    generation = {{generation}}

    async def initialize(self, context):
        self.all = [Data0(1), Shape0(), Named0(1), Generic0[int]()]
        assert isinstance(self.all[1], Shape) and Data0(1) < Data0(2)

    async def process_request(self, request, call_next):
        return await call_next(request)
"""

BUSY = """
import anyio

from marty_chassis.plugins import IEventHandlerPlugin, IServicePlugin, hookimpl, plugin


@plugin(name="watched", version="1.0.{generation}")
class Watched(IEventHandlerPlugin, IServicePlugin):
    generation = {generation}

    async def initialize(self, context):
        self.seen = []
        context.extension_points.register_handler("service.pre_register", self.enhance)
        context.event_bus.subscribe("own.*", self.note)
        await context.service_registry.register({{"name": "watched", "id": "watched-1"}})

    async def start(self):
        for _ in range(3):
            self.context.tasks.start(self.work)
        await self.context.event_bus.publish("own.started", {{"generation": {generation}}})

    async def work(self):
        while True:
            await anyio.sleep(0.01)
            await self.context.event_bus.publish("own.worked", {{"generation": {generation}}})

    async def enhance(self, service_info):
        return service_info

    def note(self, event):
        self.seen = [*self.seen[-10:], event]

    def get_event_subscriptions(self):
        return {{"plugin.*": "handle_event", "own.worked": "handle_event"}}

    async def handle_event(self, event_type, event_data):
        self.seen = [*self.seen[-10:], event_data]

    @hookimpl
    def events_subscriptions(self):
        return {{"other.*": self.note}}

    @hookimpl
    def plugin_started(self, plugin_name):
        pass
"""

LEAKY = """
import atexit
import collections.abc as somebody_elses
import logging
import threading

from marty_chassis.plugins import IPlugin, plugin

if not hasattr(somebody_elses, "kept"):
    somebody_elses.kept = []


class Noting(logging.Handler):
    def emit(self, record):
        pass


@plugin(name="watched", version="1.0.{generation}")
class Watched(IPlugin):
    generation = {generation}

    async def initialize(self, context):
        {leak}

    def wait(self):
        threading.Event().wait()

    def farewell(self):
        pass
"""

CLEAN = {
    "a plain plugin": PLAIN,
    "200 classes and dataclasses": MANY,
    "tasks and subscriptions": BUSY,
}
LEAKS = {
    "a thread": "threading.Thread(target=self.wait, name='left-behind', daemon=True).start()",
    "atexit": "atexit.register(self.farewell)",
    "a logging handler": "logging.getLogger().addHandler(Noting())",
    "a global list": "somebody_elses.kept.append(self)",
}


def text(kind: str, generation: int) -> str:
    """The plugin's file."""
    if kind in LEAKS:
        return LEAKY.format(generation=generation, leak=LEAKS[kind])
    return CLEAN[kind].format(generation=generation)
