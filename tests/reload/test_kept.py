"""What a plugin brings survives its own reload, is there once, and vanishes with its plugin."""

from __future__ import annotations

import logging
import sys

import anyio
import httpx2
import pytest

from marty_chassis.errors import UnknownHook
from marty_chassis.lifecycle import State

from .works import Works, until


async def rewritten(works: Works, body: str, word: str, base: str = "IPlugin") -> None:
    works.write("a", word, body, base=base)
    reloaded = await works.reload("a", drained=True)
    assert not reloaded.rolled_back, reloaded.reason


async def gone(works: Works) -> None:
    await works.chassis.plugin_manager.unload("a", force=True)


async def test_an_extension_point_and_the_handlers_of_others(works: Works) -> None:
    brings = """
async def initialize(self, context):
    context.extension_points.register_extension_point(
        ExtensionPoint(name="shop.price", type=ExtensionPointType.FILTER, parameters=["price"])
    )
    context.extension_points.register_handler("shop.price", self.mine)
async def mine(self, price):
    return price + int(WORD)
"""
    works.write("a", "1", brings, base="IPlugin")
    works.write(
        "b",
        "1",
        """
@hookimpl(optionalhook=True)
async def shop_price(self, price):
    return price * 10
""",
        base="IPlugin",
    )
    await works.start()
    points = works.chassis.extension_points
    assert await points.call("shop.price", 1) == 20

    await rewritten(works, brings, "2")
    assert await points.call("shop.price", 1) == 30
    assert works.order()["shop.price"] == ["a", "b"]
    changed = brings.replace('["price"]', '["price", "tax"]').replace(
        "(self, price)", "(self, price, tax)"
    )
    await rewritten(works, changed, "3")
    assert await points.call("shop.price", 1, 0) == 40

    await gone(works)
    assert "shop.price" not in points.list_extension_points()
    with pytest.raises(UnknownHook):
        await points.call("shop.price", 1, 0)
    works.write("a", "4", brings, base="IPlugin")


async def test_routes(works: Works) -> None:
    brings = """
@hookimpl
def web_routes(self):
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    async def answer(request):
        if "slowly" in request.url.path:
            witness.log.append("slowly")
            await witness.events["gate"].wait()
        return PlainTextResponse(WORD)
    return [Route("/mine", answer), Route("/slowly", answer)]
"""
    works.witness.events["gate"] = anyio.Event()
    works.write("a", "1", brings, base="IPlugin")
    await works.start()
    found: list[httpx2.Response] = []

    async def slowly() -> None:
        found.append(await works.get("/slowly"))

    async with anyio.create_task_group() as group:
        group.start_soon(slowly)
        await until(lambda: "slowly" in works.log)
        works.write("a", "2", brings, base="IPlugin")
        await works.reload("a")
        assert (await works.get("/mine")).text == "2"
        works.witness.events["gate"].set()

    assert found[0].text == "1"
    await gone(works)
    assert (await works.get("/mine")).status_code == 404


async def test_wrapped_asgi_middleware(works: Works) -> None:
    brings = """
@hookimpl
def web_wrap(self, app):
    async def wrapped(scope, receive, send):
        async def sent(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-stamp", f"a={WORD}".encode())]
            await send(message)
        await app(scope, receive, sent)
    return wrapped
"""
    says = "failure_policy='open'"  # Else nobody is let in once it has left.
    works.write("a", "1", brings, base="IPlugin", says=says)
    works.write("inner", "1")
    await works.start()
    assert await works.stamps() == {"a": "1", "inner": "1"}

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("a", "2", brings, base="IPlugin", says=says)
        assert (await works.reload("a")).draining == 1
        assert await works.stamps() == {"a": "2", "inner": "1"}
        works.hold("slow").set()

    await gone(works)
    assert await works.stamps() == {"inner": "1"}


async def test_services(works: Works) -> None:
    brings = """
async def start(self):
    await self.context.service_registry.register(
        {"id": "shop-1", "name": "shop", "address": "10.0.0.1", "port": int(WORD)}
    )
"""
    hears = """
async def on_service_register(self, service_info):
    witness.log.append(("register", service_info["port"]))
async def on_service_unregister(self, service_info):
    witness.log.append(("unregister", service_info["port"]))
"""
    works.write("a", "1", brings, base="IPlugin")
    works.write("hears", "1", hears, base="IServicePlugin").write_text(
        (works.folder / "hears.py").read_text().replace("IPlugin,", "IPlugin, IServicePlugin,")
    )
    await works.start()
    registry = works.chassis.service_registry
    works.log.clear()

    await rewritten(works, brings, "2")

    assert [one["port"] for one in await registry.discover({"name": "shop"})] == [2]
    assert works.log == [("register", 2)]
    works.write("a", "3", brings + "    raise ValueError", base="IPlugin")
    assert (await works.reload("a")).rolled_back
    assert [one["port"] for one in await registry.discover({"name": "shop"})] == [2]
    assert works.log[-1] == ("register", 2)
    await gone(works)
    assert await registry.discover({"name": "shop"}) == []
    assert works.log[-1] == ("unregister", 2)


async def test_subscriptions(works: Works) -> None:
    brings = """
def get_event_subscriptions(self):
    return {"work.*": "work"}
async def work(self, event_data):
    witness.log.append((WORD, event_data))
async def initialize(self, context):
    context.event_bus.subscribe("*", self.work)
"""
    works.write("a", "1", brings, base="IEventHandlerPlugin")
    await works.start()
    await rewritten(works, brings, "2", base="IEventHandlerPlugin")

    await works.chassis.event_bus.publish("work.done", 1, wait=True)

    assert works.log == [("2", 1)] * works.log.count(("2", 1))
    bus = works.chassis.plugin_manager.event_bus
    assert len(bus.stats()) == 2
    await gone(works)
    await works.chassis.event_bus.publish("work.done", 2, wait=True)
    assert ("2", 2) not in works.log
    assert not bus.stats()


async def test_background_tasks(works: Works) -> None:
    brings = """
async def start(self):
    self.context.tasks.start(self.live, name="ticker")
    self.context.tasks.start(self.live, name="ticker")
async def live(self):
    try:
        witness.kept.append(WORD)
        await anyio.sleep_forever()
    finally:
        witness.kept.remove(WORD)
"""
    works.write("a", "1", brings, base="IPlugin")
    await works.start()
    await until(lambda: works.witness.kept == ["1", "1"])

    await rewritten(works, brings, "2")

    assert works.witness.kept == ["2", "2"]
    assert works.chassis.pending()["a"] == ("task ticker #1", "task ticker #2")
    await gone(works)
    assert works.witness.kept == []
    assert works.chassis.pending() == {}


async def test_resources_and_numbered_entries_of_both_generations_are_undone(works: Works) -> None:
    brings = """
async def initialize(self, context):
    context.resources.callback(witness.log.append, ("closed", WORD))
    context.ledger.enter("lock", lambda: witness.log.append(("lock", WORD)))
    context.ledger.enter("lease", lambda: witness.log.append(("lease", WORD)), id="1", shared=True)
async def start(self):
    if WORD == "broken":
        raise ValueError
"""
    works.write("a", "1", brings, base="IPlugin")
    await works.start()

    await rewritten(works, brings, "2")
    assert works.log == [("lock", "1"), ("closed", "1")]
    works.log.clear()
    works.write("a", "broken", brings, base="IPlugin")
    assert (await works.reload("a")).rolled_back
    assert works.log == [("lock", "broken"), ("closed", "broken")]
    works.log.clear()
    await gone(works)

    assert works.log == [("lease", "2"), ("lock", "2"), ("closed", "2")]


async def test_metrics_are_there_once_and_the_page_is_whole(works: Works) -> None:
    brings = """
async def initialize(self, context):
    self.calls = context.metrics.counter("calls", "How often.")
    self.calls.inc(int(WORD))
def collect_metrics(self):
    return {"other": float(WORD)}
def get_metric_definitions(self):
    return {"other": {"type": "gauge", "description": "Another."}}
"""
    works.write("a", "1", brings, base="IMetricsPlugin")
    await works.start()

    await rewritten(works, brings, "2", base="IMetricsPlugin")

    async def page() -> str:
        async with works.client() as client:
            answer = await client.get("/-/marty/metrics")
            assert answer.status_code == 200
            return answer.text

    text = await page()
    assert [line for line in text.splitlines() if line.startswith(("calls_total{", "other{"))] == [
        'calls_total{plugin="a"} 2.0',
        'other{plugin="a"} 2.0',
    ]
    assert not works.chassis.faults.recent("a")
    await gone(works)
    assert 'plugin="a"' not in await page()


async def test_loggers_of_both_kinds(works: Works, lines: list[str]) -> None:
    brings = """
async def initialize(self, context):
    import logging
    context.logger.info("here {}", WORD)
    logging.getLogger(__name__).warning("there")
    logging.getLogger(__name__ + ".deep").warning("there")
"""
    works.write("a", "1", brings, base="IPlugin")
    await works.start()
    for word in "234":
        await rewritten(works, brings, word)

    assert [line for line in lines if "here" in line and "'plugin': 'a'" in line]
    names = works.modules("a")
    assert len(names) == 1
    tables = logging.Logger.manager.loggerDict
    package = names[0].rpartition(".")[0]
    mine = [name for name in tables if name.startswith(package)]
    assert sorted(mine) == [package, names[0], f"{names[0]}.deep"]
    await gone(works)
    assert not [name for name in tables if name.startswith(f"{package}.")]
    assert not works.modules("a")
    assert package not in sys.modules


async def test_a_plugin_that_brings_nothing_any_more_has_nothing(works: Works) -> None:
    works.write("a", "1", "async def check_health(self): return True\n", base="IHealthPlugin")
    await works.start()
    assert works.order()["health.check"] == ["a"]

    await rewritten(works, "", "2")

    assert "health.check" not in works.order()
    assert works.states == {"a": State.STARTED}


async def test_an_open_breaker_does_not_keep_mended_code_waiting(works: Works) -> None:
    says = "failure_policy='open'"
    works.write(
        "a", "1", "async def process_request(self, request, call_next): raise ValueError", says=says
    )
    await works.start()
    for _ in range(8):
        assert (await works.get()).status_code == 200
    faults = works.chassis.faults.count("a")
    assert faults < 8

    works.write("a", "2", says=says)
    await works.reload("a")

    assert await works.stamps() == {"a": "2"}
