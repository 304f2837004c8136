"""Nothing of an old generation stays alive; what does is found, named, and so is who holds it."""

from __future__ import annotations

import gc
import logging
import sys
import weakref
from typing import Any

import pytest

from .works import HEAD, Works

PLAIN = ""
MANY = """
async def initialize(self, context):
    self.made = [kind() for kind in KINDS]
"""
MANY_CLASSES = """
import dataclasses
import enum
import functools
import logging

class Colour(enum.Enum):
    RED = 1

@functools.lru_cache
def cached(thing):
    return thing

KINDS = []
for number in range(40):
    @dataclasses.dataclass
    class Kind:
        word: str = "x"
        colour: "Colour" = Colour.RED
    KINDS.append(cached(Kind))
logging.getLogger(__name__).debug("there")

"""
BUSY = """
async def initialize(self, context):
    context.event_bus.subscribe("work.*", self.work)
    context.metrics.counter("calls")
    context.extension_points.register_extension_point(
        ExtensionPoint(name="own.point", type=ExtensionPointType.HOOK, parameters=["value"])
    )
    context.resources.callback(self.closed)
async def start(self):
    self.context.tasks.start(self.live)
async def live(self):
    await anyio.sleep_forever()
async def work(self, event_data): ...
async def check_health(self): return True
def closed(self): ...
"""
KINDS = {"plain": (PLAIN, ""), "many classes": (MANY, MANY_CLASSES), "busy": (BUSY, "")}


def watched(works: Works) -> dict[str, weakref.ref[Any]]:
    """What the generation that serves is made of."""
    instance = works.plugin("a")
    kind = type(instance)
    return {
        "instance": weakref.ref(instance),
        "class": weakref.ref(kind),
        "code": weakref.ref(kind.process_request),
        "module": weakref.ref(sys.modules[kind.__module__]),
        "life": weakref.ref(works.unit("a").life),
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_fifty_reloads_leave_nothing_alive(works: Works, kind: str) -> None:
    body, before = KINDS[kind]

    def write(word: str, more: str = "") -> None:
        path = works.write("a", word, body + more)
        path.write_text(path.read_text().replace(HEAD, HEAD + before, 1))

    write("0")
    works.write("user", "1", says="dependencies=['a']")
    await works.start()
    old: list[dict[str, weakref.ref[Any]]] = []
    tables = len(logging.Logger.manager.loggerDict), len(sys.modules)

    for number in range(1, 51):
        old.append(watched(works))
        await works.get()
        write(str(number))
        assert not (await works.reload("a", drained=True)).rolled_back
        if number % 10 == 0:
            write(str(number), "    (")
            assert (await works.reload("a")).rolled_back
            write(str(number), "async def stop(self): raise ValueError")
            assert not (await works.reload("a", drained=True)).rolled_back
            write(str(number), "async def initialize(self, context): raise ValueError")
            assert (await works.reload("a")).rolled_back
            write(str(number))
            assert not (await works.reload("a", drained=True)).rolled_back
    gc.collect()

    alive = [(number, what) for number, one in enumerate(old) for what, r in one.items() if r()]
    assert alive == []
    supervisor = works.chassis.plugin_manager.supervisor
    assert supervisor.remains_of("a").survivors == ()
    assert supervisor.remains_of("user").survivors == ()
    assert supervisor.leaks_of("a") == ()
    assert (len(logging.Logger.manager.loggerDict), len(sys.modules)) == tables
    assert len(works.chassis.plugin_manager.supervisor._reloads.departures.tasks) == 0
    assert len(supervisor._moves.owners) == 0


LEAKS = {
    "a list": ("witness.kept.append(self)", "witness.kept > list > Plugin"),
    "a handler": (
        "import logging; self.handler = logging.Handler(); self.handler.owner = self;"
        " logging.getLogger('elsewhere').addHandler(self.handler)",
        "Handler > Plugin",
    ),
    "a function": ("witness.events['hook'] = self.process_request", "Plugin.process_request()"),
}


@pytest.mark.parametrize("how", LEAKS)
async def test_what_survives_is_named_with_its_holder(works: Works, how: str) -> None:
    statement, holder = LEAKS[how]
    works.write("a", "1", f"async def start(self): {statement}")
    await works.start()
    works.write("a", "2")
    gc.disable()
    try:
        await works.reload("a", drained=True)
        before = await works.ask("/plugins/a")
    finally:
        gc.enable()
    assert before["survivors"] == []
    assert before["leaks"] is None

    gc.collect()
    after = await works.ask("/plugins/a")
    found = await works.ask("/plugins/a?diagnose=leaks")

    assert {"generation": 1, "what": "instance of Plugin"} in after["survivors"]
    assert {"generation": 1, "what": "code of module a"} in after["survivors"]
    (instance,) = [one for one in found["leaks"] if one["what"] == "instance of Plugin"]
    assert any(holder in way for way in instance["holders"]), instance["holders"]
    works.witness.kept.clear()
    works.witness.events.clear()
    logging.getLogger("elsewhere").handlers.clear()
    assert (await works.ask("/plugins/a?diagnose=leaks"))["leaks"] == []
    assert (await works.ask("/plugins/a"))["survivors"] == []


async def test_a_logging_handler_of_the_plugins_own_code_is_named(works: Works) -> None:
    works.write(
        "a",
        "1",
        """
async def start(self):
    import logging
    class Notes(logging.Handler):
        def emit(self, record): ...
    logging.getLogger("elsewhere").addHandler(Notes())
""",
    )
    await works.start()
    works.write("a", "2")
    await works.reload("a", drained=True)

    found = await works.ask("/plugins/a?diagnose=leaks")

    logging.getLogger("elsewhere").handlers.clear()
    ways = [way for one in found["leaks"] for way in one["holders"]]
    assert any("Logger > list > " in way and "Notes" in way for way in ways), ways


async def test_a_thread_that_was_not_stopped_is_named(works: Works) -> None:
    works.write(
        "a",
        "1",
        """
async def start(self):
    import threading
    self.ends = witness.events["ends"] = threading.Event()
    threading.Thread(target=self.run, name="counter of a").start()
def run(self):
    self.ends.wait(5)
""",
    )
    await works.start()
    works.write("a", "2")
    await works.reload("a", drained=True)

    found = await works.ask("/plugins/a?diagnose=leaks")

    ways = [way for one in found["leaks"] for way in one["holders"]]
    assert any("Thread" in way for way in ways), ways
    works.witness.events.pop("ends").set()


async def test_looking_for_leaks_is_for_operators(works: Works) -> None:
    works.write("a", "1")
    await works.start(
        management={"token": "the-operators-token", "viewer_token": "the-viewers-token"}
    )

    async with works.client() as client:
        client.headers["authorization"] = "Bearer the-viewers-token"
        assert (await client.get("/-/marty/plugins/a")).status_code == 200
        assert (await client.get("/-/marty/plugins/a?diagnose=leaks")).status_code == 403
        assert (await client.get("/-/marty/plugins/a?diagnose=all")).status_code == 400


async def test_the_status_says_when_the_disk_has_moved_on(works: Works) -> None:
    works.write("a", "1")
    await works.start()
    same = await works.ask("/plugins/a")
    works.write("a", "2")

    moved = await works.ask("/plugins/a")

    assert same["sha256"] == same["sha256_on_disk"]
    assert moved["sha256"] == same["sha256"] != moved["sha256_on_disk"]
    assert moved["generations"] == [{"number": 1, "stage": "serving", "leases": 0}]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_of_its_own_is_named_as_often_as_somebody_asks(works: Works) -> None:
    """Who asked `_asyncio` what it holds made Python 3.12.1 hang at the second time."""
    works.write(
        "a",
        "1",
        """
async def start(self):
    import asyncio
    self.task = asyncio.create_task(self.run())
    witness.events["end"] = self.task.cancel
async def run(self):
    while True:
        await anyio.sleep(0.01)
""",
    )
    await works.start()
    works.write("a", "2")
    await works.reload("a", drained=True)

    answers = [await works.ask("/plugins/a?diagnose=leaks") for _ in range(3)]

    works.witness.events["end"]()
    for found in answers:
        ways = [way for one in found["leaks"] for way in one["holders"]]
        assert any("Task > coroutine > Plugin" in way for way in ways), ways
