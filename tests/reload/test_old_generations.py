"""The old generation ends what it began, stops once, after its last request, and is gone."""

from __future__ import annotations

import anyio
import httpx2
import pytest

from marty_chassis.lifecycle import State

from .works import Works, stamps, until

TALKS = """
async def stop(self):
    witness.log.append(("stop", NAME, WORD))
"""


async def test_a_slow_request_and_a_stream_end_on_the_generation_they_began_with(
    works: Works,
) -> None:
    works.write("a", "1", TALKS)
    works.write("b", "1", TALKS)
    await works.start()
    answers: dict[str, httpx2.Response] = {}

    async def get(path: str) -> None:
        answers[path] = await works.get(path)

    async with anyio.create_task_group() as group:
        group.start_soon(get, "/slow")
        group.start_soon(get, "/stream")
        await until(lambda: "slow" in works.log and "sent 0" in works.log)
        for name in "ab":
            works.write(name, "2", TALKS)
            reloaded = await works.reload(name)
            assert reloaded.draining == 2
        assert await works.stamps() == {"a": "2", "b": "2"}
        detail = await works.ask("/plugins/a")
        assert detail["generations"] == [
            {"number": 2, "stage": "serving", "leases": 0},
            {"number": 1, "stage": "draining", "leases": 2},
        ]
        works.hold("slow").set()
        await until(lambda: "/slow" in answers)
        assert ("stop", "a", "1") not in works.log
        for number in range(3):
            works.hold(f"stream {number}").set()

    assert stamps(answers["/slow"]) == stamps(answers["/stream"]) == {"a": "1", "b": "1"}
    assert answers["/stream"].text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
    await until(lambda: not works.unit("a").olds and not works.unit("b").olds)
    stops = [what for what in works.log if what[0] == "stop"]
    assert sorted(stops) == [("stop", "a", "1"), ("stop", "b", "1")]
    last = max(i for i, what in enumerate(works.log) if what[0] == "exit" and what[2] == "1")
    assert works.log.index(stops[0]) > last


async def test_waiting_for_the_drain_is_waiting_for_the_stop(works: Works) -> None:
    works.write("a", "1", TALKS)
    await works.start()
    answer: list[httpx2.Response] = []

    async def post() -> None:
        answer.append(await works.post("/plugins/a/reload?wait=drain"))

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("a", "2", TALKS)
        group.start_soon(post)
        await until(lambda: works.unit("a").generation == 2)
        await anyio.sleep(0.02)
        assert not answer
        works.hold("slow").set()

    assert answer[0].status_code == 200
    assert answer[0].json()["draining"] == 0
    assert ("stop", "a", "1") in works.log


async def test_after_the_drain_timeout_it_stops_all_the_same_and_says_so(works: Works) -> None:
    works.write("a", "1", TALKS)
    works.write(
        "hears",
        "1",
        """
@hookimpl
async def plugin_reloaded(self, plugin_name, drained, seconds):
    witness.log.append((plugin_name, drained, round(seconds, 1)))
""",
        base="IPlugin",
    )
    await works.start(plugins={"reload": {"drain_timeout": 0.1}})
    found: list[httpx2.Response] = []

    async def get() -> None:
        found.append(await works.get("/slow"))

    async with anyio.create_task_group() as group:
        group.start_soon(get)
        await until(lambda: "slow" in works.log)
        works.write("a", "2")

        reloaded = await works.reload("a", drained=True)

        assert reloaded.draining == 1
        assert works.log[-2:] == [("stop", "a", "1"), ("a", False, 0.1)]
        works.hold("slow").set()
    assert stamps(found[0]) == {"a": "1"}


BAD_STOPS = {
    "raises": "async def stop(self): raise ValueError('stopping')",
    "hangs": "async def stop(self): await anyio.sleep(60)",
    "exits": "async def stop(self): raise SystemExit",
    "swallows": """
async def stop(self):
    with anyio.CancelScope(shield=True):
        while "free" not in witness.events:
            try:
                await anyio.sleep(0.005)
            except BaseException:
                pass
""",
}


@pytest.mark.parametrize("how", BAD_STOPS)
async def test_an_old_stop_that_goes_wrong_touches_nothing_of_the_new_one(
    works: Works, how: str, short_grace: None
) -> None:
    works.write(
        "a",
        "1",
        f"""
async def initialize(self, context):
    context.resources.callback(witness.log.append, "undone")
{BAD_STOPS[how]}
""",
    )
    await works.start()
    works.write("a", "2")

    with anyio.fail_after(2):
        reloaded = await works.reload("a", drained=True)

    assert not reloaded.rolled_back
    works.assert_whole(a="2")
    assert await works.stamps() == {"a": "2"}
    assert works.states["a"] is State.STARTED
    assert works.log[0] == "undone"
    assert not works.unit("a").olds
    assert len(works.modules("a")) == 1
    faults = works.chassis.faults.recent("a")
    assert [fault.phase.value for fault in faults] == ["stop"]
    works.witness.events["free"] = True
    strays = works.chassis.plugin_manager.failures.strays
    await until(lambda: not strays)
    works.write("a", "3")
    assert not (await works.reload("a")).rolled_back


async def test_events_that_were_accepted_are_handled_by_who_accepted_them(works: Works) -> None:
    listens = """
async def initialize(self, context):
    context.event_bus.subscribe("work.*", self.work)
async def work(self, event_data):
    await witness.events["gate"].wait()
    witness.log.append((WORD, event_data))
async def stop(self):
    witness.log.append(("stop", WORD))
"""
    works.write("a", "1", listens, base="IPlugin")
    works.witness.events["gate"] = anyio.Event()
    await works.start()
    bus = works.chassis.event_bus
    for number in range(3):
        await bus.publish("work.done", number)
    await anyio.sleep(0.01)

    works.write("a", "2", listens, base="IPlugin")
    await works.reload("a")
    for number in range(3, 6):
        await bus.publish("work.done", number)
    assert works.log == []
    works.witness.events["gate"].set()

    await until(lambda: len(works.log) == 7)
    assert [what for what in works.log if what[0] == "1"] == [("1", 0), ("1", 1), ("1", 2)]
    assert [what for what in works.log if what[0] == "2"] == [("2", 3), ("2", 4), ("2", 5)]
    assert works.log.index(("stop", "1")) > works.log.index(("1", 2))


@pytest.mark.parametrize("hook", ["health", "metrics"])
async def test_a_health_check_and_a_collection_under_way_end_before_the_stop(
    works: Works, hook: str
) -> None:
    slow = """
async def check_health(self):
    return await self.slowly() or {"healthy": True}
async def collect_metrics(self):
    return await self.slowly() or {"one": 1}
async def slowly(self):
    witness.log.append(("asked", WORD))
    await witness.events[WORD].wait()
    witness.log.append(("told", WORD))
async def stop(self):
    witness.log.append(("stop", WORD))
"""
    base = {"health": "IHealthPlugin", "metrics": "IMetricsPlugin"}[hook]
    works.witness.events["1"], works.witness.events["2"] = anyio.Event(), anyio.Event()
    works.witness.events["2"].set()
    works.write("a", "1", slow, base=base)
    await works.start()
    path = {"health": "/plugins/a/health", "metrics": "/plugins/metrics"}[hook]

    async with anyio.create_task_group() as group:
        group.start_soon(works.ask, path)
        await until(lambda: ("asked", "1") in works.log)
        works.write("a", "2", slow, base=base)
        await works.reload("a")
        await anyio.sleep(0.02)
        assert ("stop", "1") not in works.log
        works.witness.events["1"].set()

    await until(lambda: ("stop", "1") in works.log)
    assert works.log.index(("told", "1")) < works.log.index(("stop", "1"))


async def test_a_dependency_does_not_leave_before_old_generations_of_its_dependents(
    works: Works,
) -> None:
    works.write("base", "1", TALKS)
    works.write("user", "1", TALKS, says="dependencies=['base']")
    await works.start()

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("user", "2", TALKS, says="dependencies=['base']")
        await works.reload("user")
        works.write("base", "2", TALKS)
        await works.reload("base")
        works.hold("slow").set()

    await until(lambda: not works.unit("base").olds)
    stops = [what[1:] for what in works.log if what[0] == "stop"]
    assert stops.index(("user", "1")) < stops.index(("base", "1"))
    assert stops.index(("user", "2")) < stops.index(("base", "1"))

    async with anyio.create_task_group() as group:
        works.go_on.clear()
        works.log.clear()
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("user", "3", TALKS, says="dependencies=['base']")
        await works.reload("user")
        group.start_soon(lambda: works.chassis.plugin_manager.stop("base", force=True))
        await until(lambda: works.states["user"] is State.BLOCKED or not works.unit("user").wanted)
        await anyio.sleep(0.02)
        assert works.states["base"] is State.STARTED
        works.hold("slow").set()

    assert works.states == {"base": State.STOPPED, "user": State.BLOCKED}
    stops = [what[1:] for what in works.log if what[0] == "stop"]
    assert stops[-1] == ("base", "2")


async def test_a_shutdown_waits_for_old_generations_within_its_time(works: Works) -> None:
    works.write("a", "1", TALKS)
    await works.start()

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("a", "2", TALKS)
        await works.reload("a")
        group.start_soon(works.stop)
        await anyio.sleep(0.05)
        assert ("stop", "a", "1") not in works.log
        works.hold("slow").set()

    assert sorted(what for what in works.log if what[0] == "stop") == [
        ("stop", "a", "1"),
        ("stop", "a", "2"),
    ]
    assert works.chassis.pending() == {}


async def test_a_shutdown_does_not_wait_for_ever(works: Works) -> None:
    works.write("a", "1", TALKS)
    await works.start(lifecycle={"shutdown_timeout": 0.4, "stop_timeout": 0.2})

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("a", "2", TALKS)
        await works.reload("a")

        with anyio.fail_after(1):
            await works.stop()

        assert ("stop", "a", "1") in works.log
        assert ("stop", "a", "2") in works.log
        works.hold("slow").set()
