"""What is right is left alone: our own plugins, the specification's, the templates, good habits."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import Marty, Write
from .conftest import Check, Rules

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("folder", ["examples", "marty_chassis/contrib", "marty_chassis/cli/demo"])
def test_there_are_no_errors_in_our_own(check: Check, folder: str) -> None:
    data = check(ROOT / folder)

    assert [one for one in data["findings"] if one["severity"] == "error"] == []
    assert data["files"] > 1


@pytest.mark.parametrize("line", ["plugin", "service"])
def test_what_marty_new_writes_passes_the_strictest_check(marty: Marty, line: str) -> None:
    assert marty("new", line, "rate-limit").exit_code == 0

    said = marty("plugins", "check", "rate-limit", "--strict")

    assert (said.exit_code, said.stdout) == (0, "")


def test_the_printed_plugins_of_the_specification_have_no_errors(check: Check, here: Path) -> None:
    (here / "plugins").mkdir()
    text = (ROOT / "tests" / "specification" / "specification.md").read_text("utf-8")
    blocks = [block.partition("```")[0] for block in text.split("```python\n")[1:]]
    printed = [block for block in blocks if "@plugin(" in block]
    for number, block in enumerate(printed):
        head = "import uuid\nfrom marty_chassis.plugins import *\n"
        (here / "plugins" / f"printed_{number}.py").write_text(head + block, "utf-8")

    data = check("plugins")

    assert len(printed) == 7
    assert {(one["severity"], one["rule"]) for one in data["findings"]} == {
        ("warning", "missing-metadata"),
        ("warning", "no-websocket"),
        ("warning", "dependency"),
    }


def test_handlers_that_are_registered_by_name(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one", **described)
        class One(IPlugin):
            async def initialize(self, context):
                context.extension_points.register_handler("health.check", self.health_check)
                context.extension_points.register_handler(handler=self.price, name="shop.price")

            async def health_check(self):
                return True

            async def price(self, price):
                return price

        PRICE = ExtensionPoint(name="shop.price", parameters={"price": "float"})
        """)

    assert broken == []


def test_hooks_that_another_plugin_may_bring(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one", dependencies=["shop"], **described)
        class One(IPlugin):
            @hookimpl
            def shop_price(self, price): ...

            @hookimpl(optionalhook=True)
            def health_chek(self): ...

            @hookimpl(specname="health.check")
            def how_i_am(self): ...
        """)

    assert broken == []


def test_marks_that_are_pluggys_own(rules: Rules) -> None:
    broken = rules("""
        import pluggy

        impl = pluggy.HookimplMarker("marty")

        plugin_metadata = PluginMetadata(name="one", version="1", description="One")

        @impl
        def health_check(): ...

        @impl(trylast=True)
        def metrics_collect(): ...
        """)

    assert broken == []


def test_marks_of_another_project(rules: Rules) -> None:
    broken = rules("""
        from pluggy import HookimplMarker

        theirs = HookimplMarker("tox")

        @theirs
        def tox_add_option(parser): ...
        """)

    assert broken == []


def test_methods_of_any_name_that_something_calls(rules: Rules) -> None:
    broken = rules("""
        class Base(IMiddlewarePlugin):
            async def process_websocket(self, websocket, call_next):
                await call_next(websocket)

            @hookimpl
            def metrics_collect(self): ...

        @plugin(name="one", **described)
        class One(Base):
            async def process_request(self, a_request, rest):
                await self.starts()
                return await rest(a_request)

            async def starts(self): ...

            def metrics_collect(self): ...

            def restart(self): ...

            def stop_polling(self): ...
        """)

    assert broken == []


def test_bases_of_plugins_are_none_themselves(check: Check, write: Write) -> None:
    write(
        "plugins/one.py",
        """
        from abc import abstractmethod

        from marty_chassis.plugins import IHealthPlugin, IPlugin, plugin

        class Base(IPlugin): ...

        class _Own(IPlugin): ...

        class Probing(IHealthPlugin):
            @abstractmethod
            def probe(self): ...

        class Shared(IPlugin): ...

        @plugin(name="one", version="1", description="One")
        class One(Base): ...
        """,
    )
    write(
        "plugins/two.py",
        """
        from marty_chassis.plugins import plugin

        from .one import Shared

        @plugin(name="two", version="1", description="Two")
        class Two(Shared): ...
        """,
    )

    assert check("plugins", "--static")["findings"] == []


def test_a_base_from_elsewhere_is_believed(rules: Rules) -> None:
    broken = rules("""
        from .ours import Ours

        @plugin(name="one", **described)
        class One(Ours):
            async def process_request(self, request, call_next):
                return await call_next(request)
        """)

    assert broken == []


def test_events_in_every_way_that_handlers_may_take_them(rules: Rules) -> None:
    broken = rules("""
        from marty_chassis.events import Event

        @plugin(name="one", **described)
        class One(IEventHandlerPlugin):
            def get_event_subscriptions(self):
                return {
                    "a": "data", "b": self.both, "c": "whole", "d": "typed", "e": "e", "f": "nope",
                    "g": self.handle_event, "h": print, "i": self.logger.info,
                }

            async def data(self, event_data): ...
            def both(self, event_type, event_data): ...
            def whole(self, event): ...
            async def typed(self, happened: Event): ...
            async def e(self, event_data, retries=3): ...
            async def handle_event(self, event_type, event_data): ...
        """)

    assert broken == []


def test_a_wrapper_where_all_are_told(rules: Rules) -> None:
    broken = rules("""
        plugin_metadata = PluginMetadata(name="one", version="1", description="One")

        @hookimpl(wrapper=True)
        def service_post_register(service_info):
            answer = yield
            return answer
        """)

    assert broken == []


def test_call_next_that_is_awaited_elsewhere(rules: Rules) -> None:
    broken = rules("""
        import anyio
        import asyncio

        @plugin(name="one", **described)
        class One(IMiddlewarePlugin):
            async def process_request(self, request, call_next):
                if request.method == "HEAD":
                    return await asyncio.wait_for(call_next(request), 3)
                later = call_next(request)
                response = await later
                response.headers["x-seen"] = "1"
                return response

            def process_websocket(self, websocket, call_next):
                return call_next(websocket)
        """)

    assert broken == []


def test_what_waits_elsewhere_than_in_the_event_loop(rules: Rules) -> None:
    broken = rules("""
        import time
        from anyio import to_thread, sleep

        def helper():
            time.sleep(1)

        @plugin(name="one", **described)
        class One(IHealthPlugin):
            async def initialize(self, context):
                with open("rules.txt") as file:
                    self.rules = file.read()

            async def check_health(self):
                def wait():
                    time.sleep(1)

                await to_thread.run_sync(wait)
                await to_thread.run_sync(lambda: time.sleep(1))
                await to_thread.run_sync(helper)
                await sleep(1)
                return True

            @hookimpl(blocking=True)
            def metrics_collect(self):
                time.sleep(1)
        """)

    assert broken == []


def test_what_is_called_elsewhere_than_in_the_event_loop(rules: Rules) -> None:
    broken = rules("""
        import asyncio
        import functools
        import queue
        import threading
        import time

        import anyio

        def helper():
            time.sleep(1)

        def in_a_thread(function):
            return functools.partial(anyio.to_thread.run_sync, function)

        @plugin(name="one", **described)
        class One(IHealthPlugin):
            def __init__(self):
                self.lock = threading.Lock()
                self.waiting = queue.Queue()

            async def check_health(self):
                await anyio.to_thread.run_sync(self._ask)
                await asyncio.to_thread(self._ask)
                await anyio.to_thread.run_sync(lambda: self._ask())
                await anyio.to_thread.run_sync(list, self._pages())
                await self._decorated()
                self._recurse(helper)
                if self.lock.acquire(blocking=False) or self.lock.acquire(timeout=0):
                    self.waiting.get(False)
                return True

            def _ask(self):
                helper()

            def _pages(self):
                time.sleep(1)
                yield 1

            @in_a_thread
            def _decorated(self):
                time.sleep(1)

            def _recurse(self, helper):
                helper()
                self._recurse(helper)
        """)

    assert broken == []


def test_words_that_stand_for_something_else_here(rules: Rules) -> None:
    broken = rules("""
        import requests

        @plugin(name="one", **described)
        class One(IPlugin):
            async def start(self):
                await self.count(requests=self)

            async def count(self, requests, open=None, input=str):
                requests.get("x")
                open("x")
                input("x")
        """)

    assert broken == []


def test_what_passes_a_cancellation_on(rules: Rules) -> None:
    broken = rules("""
        import asyncio
        import contextlib

        @plugin(name="one", **described)
        class One(IMiddlewarePlugin):
            async def process_request(self, request, call_next):
                try:
                    return await call_next(request)
                except BaseException:
                    self.logger.warning("it ended")
                    raise
                finally:
                    pass

            async def process_websocket(self, websocket, call_next):
                with contextlib.suppress(OSError):
                    await call_next(websocket)
                try:
                    await call_next(websocket)
                except asyncio.CancelledError:
                    raise
                except BaseException:
                    return
                try:
                    await call_next(websocket)
                except Exception:
                    await websocket.close()
        """)

    assert broken == []


def test_the_process_is_looked_at_and_left_alone(rules: Rules) -> None:
    broken = rules("""
        import asyncio
        import logging
        import os
        import sys

        from prometheus_client import CollectorRegistry, Counter

        HOME = os.environ.get("HOME")
        COPY = os.environ.copy()
        logger = logging.getLogger(__name__)
        logger.setLevel("INFO")
        seen = Counter("seen", "Requests", registry=CollectorRegistry())

        @plugin(name="one", **described)
        class One(IPlugin):
            async def start(self):
                self.task = self.context.tasks.start(self.poll)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self.poll())
                print(sys.path.index(""), sys.modules.get("json"))
                self.context.config = None

            async def poll(self): ...

        if __name__ == "__main__":
            os.environ["ORDERS"] = "1"
            sys.exit(0)
        """)

    assert broken == []


def test_what_a_plugin_begins_and_ends_itself(rules: Rules) -> None:
    broken = rules("""
        import asyncio
        import logging

        import loguru

        logging.getLogger("orders").addHandler(logging.NullHandler())

        @plugin(name="one", **described)
        class One(IHealthPlugin):
            async def start(self):
                handler, logger = logging.StreamHandler(), logging.getLogger("orders")
                logger.addHandler(handler)
                self.context.resources.callback(logger.removeHandler, handler)
                self.sink = loguru.logger.add(print)

            async def stop(self):
                loguru.logger.remove(self.sink)

            async def check_health(self):
                await asyncio.create_task(self.look())
                first = asyncio.create_task(self.look())
                second = asyncio.ensure_future(self.look())
                await asyncio.wait({first, second})
                return True

            async def look(self): ...

            @property
            def initialised(self): ...
        """)

    assert broken == []


def test_commands_run_in_a_process_of_their_own(rules: Rules) -> None:
    broken = rules("""
        import os
        import sys

        import click

        @click.group()
        def orders():
            os.environ["ORDERS"] = "1"

        @orders.command("purge")
        def purge():
            sys.exit(1)

        @plugin(name="one", **described)
        class One(IPlugin):
            @hookimpl
            def cli_commands(self):
                return [orders]
        """)

    assert broken == []


def test_settings_about_secrets_that_are_none(rules: Rules) -> None:
    broken = rules("""
        from pydantic import BaseModel, SecretStr

        class Settings(BaseModel):
            secret: SecretStr
            token_endpoint: str
            password_file: str
            api_key_header: str | None = None
            token_expiry: int = 60

        @plugin(name="one", config_schema=Settings, **described)
        class One(IPlugin): ...
        """)

    assert broken == []
