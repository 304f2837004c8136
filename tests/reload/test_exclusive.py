"""A plugin there can be one of only: the old one stops first, requests wait, it comes back."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest

from marty_chassis.errors import PluginUnavailable
from marty_chassis.lifecycle import Reloaded, State
from marty_chassis.plugins import IMiddlewarePlugin, plugin

from .works import Works, stamps, until

PORT = """
async def start(self):
    assert not witness.kept, f"taken by {witness.kept}"
    witness.kept.append(WORD)
    gate = witness.events.get(WORD)
    if gate is not None:
        await gate.wait()
async def stop(self):
    if WORD in witness.kept:
        witness.kept.remove(WORD)
    witness.log.append(("stop", WORD))
"""
SAYS = "reload='exclusive'"


async def test_the_old_one_stops_before_the_new_one_starts(works: Works) -> None:
    works.write("port", "1", PORT, says=SAYS)
    works.write("user", "1", says="dependencies=['port']")
    await works.start()
    works.write("port", "2", PORT, says=SAYS)

    reloaded = await works.reload("port")

    assert not reloaded.rolled_back
    assert (reloaded.generation, reloaded.cascade) == (2, ("user",))
    assert reloaded.code_reloaded
    assert works.witness.kept == ["2"]
    assert works.log == [("stop", "1")]
    works.assert_whole(port="2", user="1")
    assert await works.stamps() == {"port": "2", "user": "1"}
    assert len(works.modules("port")) == 1


async def test_the_operator_may_say_so_too(works: Works) -> None:
    works.write("port", "1", PORT)
    await works.start(plugins={"settings": {"port": {"reload": "exclusive"}}})
    works.write("port", "2", PORT)

    assert not (await works.reload("port")).rolled_back

    assert works.witness.kept == ["2"]


async def test_without_it_the_second_would_not_get_the_port(works: Works) -> None:
    works.write("port", "1", PORT)
    await works.start()
    works.write("port", "2", PORT)

    reloaded = await works.reload("port")

    assert "taken by ['1']" in reloaded.reason
    works.assert_whole(port="1")


async def test_requests_wait_at_the_door_and_meet_the_new_one(works: Works) -> None:
    works.write("port", "1", PORT, says=SAYS)
    await works.start()
    works.write("port", "2", PORT, says=SAYS)
    works.witness.events["2"] = anyio.Event()
    found: list[httpx2.Response] = []

    async def get() -> None:
        found.append(await works.get())

    async with anyio.create_task_group() as group:
        group.start_soon(works.reload, "port")
        await until(lambda: works.witness.kept == ["2"])
        for _ in range(3):
            group.start_soon(get)
        await anyio.sleep(0.03)
        assert not found
        assert (await works.ask("/plugins/port"))["state"] == "starting"
        works.witness.events["2"].set()

    assert [stamps(answer) for answer in found] == [{"port": "2"}] * 3


@pytest.mark.parametrize(("policy", "status"), [("closed", 503), ("open", 200)])
async def test_who_has_waited_in_vain_follows_the_failure_policy(
    works: Works, policy: str, status: int
) -> None:
    says = f"{SAYS}, failure_policy={policy!r}"
    works.write("port", "1", PORT, says=says)
    await works.start(plugins={"reload": {"exclusive_timeout": 0.05}})
    works.write("port", "2", PORT, says=says)
    works.witness.events["2"] = anyio.Event()

    async with anyio.create_task_group() as group:
        group.start_soon(works.reload, "port")
        await until(lambda: works.witness.kept == ["2"])
        answer = await works.get()
        works.witness.events["2"].set()

    assert answer.status_code == status
    assert stamps(answer) == {}
    assert await works.stamps() == {"port": "2"}


async def test_requests_that_would_not_meet_it_do_not_wait(works: Works) -> None:
    works.write("port", "1", PORT, base="IPlugin", says=SAYS)
    works.write("other", "1")
    await works.start()
    works.write("port", "2", PORT, base="IPlugin", says=SAYS)
    works.witness.events["2"] = anyio.Event()

    async with anyio.create_task_group() as group:
        group.start_soon(works.reload, "port")
        await until(lambda: works.witness.kept == ["2"])
        assert await works.stamps() == {"other": "1"}
        with pytest.raises(PluginUnavailable):
            works.plugin("port")
        works.witness.events["2"].set()


async def test_requests_under_way_end_on_the_old_one_or_their_time_is_over(works: Works) -> None:
    works.write("port", "1", PORT, says=SAYS)
    await works.start(plugins={"reload": {"exclusive_timeout": 0.1}})
    found: list[httpx2.Response] = []

    async def get() -> None:
        found.append(await works.get("/slow"))

    for word, ends in (("2", True), ("3", False)):
        works.log.clear()
        works.go_on.clear()
        async with anyio.create_task_group() as group:
            group.start_soon(get)
            await until(lambda: "slow" in works.log)
            works.write("port", word, PORT, says=SAYS)
            group.start_soon(works.reload, "port")
            await anyio.sleep(0.02)
            assert not [what for what in works.log if what[0] == "stop"]
            if ends:
                works.hold("slow").set()
            else:
                await until(lambda: works.witness.kept == ["3"])
                works.hold("slow").set()

    assert [stamps(answer) for answer in found] == [{"port": "1"}, {"port": "2"}]


KEEPS = """
count = 0
def export_state(self):
    witness.log.append(("export", WORD))
    if "armed" in witness.events:
        raise ValueError("not now")
    return self.count + 1
def import_state(self, state):
    self.count = state
"""


async def test_state_is_exported_when_nobody_uses_it_any_more(works: Works) -> None:
    works.write("port", "1", PORT + KEEPS, says=SAYS)
    await works.start()
    works.write("port", "2", PORT + KEEPS, says=SAYS)

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        group.start_soon(works.reload, "port")
        await anyio.sleep(0.02)
        assert ("export", "1") not in works.log
        works.hold("slow").set()

    assert works.plugin("port").count == 1
    told = [what for what in works.log if what[0] in ("exit", "export", "stop")]
    assert told == [("exit", "port", "1"), ("export", "1"), ("stop", "1")]


async def test_one_that_cannot_export_is_visible_again_and_was_never_stopped(works: Works) -> None:
    works.write("port", "1", PORT + KEEPS, says=SAYS)
    await works.start()
    works.write("port", "2", PORT + KEEPS, says=SAYS)
    works.witness.events["armed"] = True

    reloaded = await works.reload("port")

    assert reloaded.reason.startswith("export_state failed: ValueError: not now")
    assert works.log == [("export", "1")]
    works.assert_whole(port="1")
    assert await works.stamps() == {"port": "1"}


@pytest.mark.parametrize("phase", ["construct", "initialize", "start", "not ready"])
async def test_when_the_new_one_fails_the_old_one_starts_again_with_its_state(
    works: Works, phase: str
) -> None:
    works.write("port", "1", PORT + KEEPS, says=SAYS)
    works.write("user", "1", says="dependencies=['port']")
    await works.start()
    fails = {
        "construct": "def __init__(self): raise ValueError('new')",
        "initialize": "async def initialize(self, context): raise ValueError('new')",
        "start": "async def start(self): raise ValueError('new')",
        "not ready": "async def start(self): raise PluginNotReady('new', 0.01)",
    }
    works.write("port", "2", fails[phase], says=SAYS)

    reloaded = await works.reload("port")

    assert reloaded.rolled_back
    why = "not ready: new" if phase == "not ready" else f"{phase} failed: ValueError: new"
    assert why in reloaded.reason
    assert "not start again" not in reloaded.reason
    works.assert_whole(port="1", user="1")
    assert works.plugin("port").count == 1
    assert await works.stamps() == {"port": "1", "user": "1"}
    assert not works.chassis.plugin_manager.missing_required()
    assert len(works.modules("port")) == 1
    works.write("port", "3", PORT, says=SAYS)
    assert not (await works.reload("port")).rolled_back
    assert await works.stamps() == {"port": "3", "user": "1"}


async def test_when_both_fail_it_is_said(works: Works) -> None:
    works.write(
        "port", "1", PORT + "def __init__(self): assert not witness.events, 'old'", says=SAYS
    )
    await works.start()
    works.write("port", "2", "def __init__(self): raise ValueError('new')", says=SAYS)
    works.witness.events["armed"] = True

    reloaded = await works.reload("port")

    assert reloaded.rolled_back
    assert "ValueError: new" in reloaded.reason
    assert (
        "Then the old one did not start again: construct failed: AssertionError" in reloaded.reason
    )
    assert works.states == {"port": State.ERROR}
    assert (await works.get()).status_code == 503
    works.witness.events.clear()
    works.write("port", "3", PORT, says=SAYS)
    assert not (await works.reload("port")).rolled_back
    assert await works.stamps() == {"port": "3"}


async def test_a_wrong_configuration_is_seen_while_the_old_one_serves(works: Works) -> None:
    works.write("port", "1", PORT, says=SAYS)
    await works.start()
    path = works.write("port", "2", PORT, says=f"{SAYS}, config_schema=Model")
    model = "from pydantic import BaseModel\nclass Model(BaseModel):\n    key: int\n\nNAME, WORD"
    path.write_text(path.read_text().replace("NAME, WORD", model, 1))

    reloaded = await works.reload("port")

    assert reloaded.reason.startswith("configure failed")
    assert works.log == []
    works.assert_whole(port="1")


async def test_a_shutdown_in_the_middle_starts_nothing_more(works: Works) -> None:
    works.write("port", "1", PORT, says=SAYS)
    await works.start()
    works.write("port", "2", PORT, says=SAYS)
    works.witness.events["2"] = anyio.Event()
    found: list[Reloaded] = []

    async def reload() -> None:
        found.append(await works.reload("port"))

    with anyio.fail_after(2):
        async with anyio.create_task_group() as group:
            group.start_soon(reload)
            await until(lambda: works.witness.kept == ["2"])
            await works.stop()

    assert found[0].rolled_back
    assert works.states == {"port": State.STOPPED}
    assert works.witness.kept == []
    assert works.chassis.pending() == {}
    assert not works.chassis.plugin_manager.selector.holds


async def test_an_instance_is_its_own_successor_and_stops_before_it_starts(works: Works) -> None:
    told: list[str] = []

    @plugin(name="given")
    class Given(IMiddlewarePlugin):
        async def initialize(self, context: Any) -> None:
            told.append("initialize")

        async def start(self) -> None:
            told.append("start")

        async def stop(self) -> None:
            told.append("stop")

        async def process_request(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-stamp"] = "given=1"
            return response

    instance = Given()
    await works.start(instance)

    reloaded = await works.reload("given")

    assert told == ["initialize", "start", "stop", "initialize", "start"]
    assert (reloaded.code_reloaded, reloaded.require_restart, reloaded.sha256) == (
        False,
        False,
        None,
    )
    assert works.plugin("given") is instance
    assert await works.stamps() == {"given": "1"}


async def test_an_event_meanwhile_does_not_reach_it(works: Works) -> None:
    listens = """
async def initialize(self, context):
    context.event_bus.subscribe("work.*", self.work)
async def work(self, event_data):
    witness.log.append((WORD, event_data))
"""
    works.write("port", "1", PORT + listens, base="IPlugin", says=SAYS)
    await works.start()
    works.write("port", "2", PORT + listens, base="IPlugin", says=SAYS)
    works.witness.events["2"] = anyio.Event()
    bus = works.chassis.event_bus
    await bus.publish("work.done", "before")

    async with anyio.create_task_group() as group:
        group.start_soon(works.reload, "port")
        await until(lambda: works.witness.kept == ["2"])
        await bus.publish("work.done", "between")
        works.witness.events["2"].set()
    await bus.publish("work.done", "after", wait=True)

    assert works.log == [("1", "before"), ("stop", "1"), ("2", "after")]


async def test_an_old_one_that_will_not_stop_keeps_the_place_and_it_is_said(
    works: Works, short_grace: None
) -> None:
    stuck = """
async def stop(self):
    with anyio.CancelScope(shield=True):
        while "free" not in witness.events:
            try:
                await anyio.sleep(0.005)
            except BaseException:
                pass
"""
    works.write("port", "1", stuck, says=SAYS)
    await works.start()
    works.write("port", "2", says=SAYS)

    reloaded = await works.reload("port")

    assert reloaded.rolled_back
    assert "would not leave" in reloaded.reason
    assert works.states == {"port": State.QUARANTINED}
    assert (await works.get()).status_code == 503
    works.witness.events["free"] = True
    strays = works.chassis.plugin_manager.failures.strays
    await until(lambda: not strays)
    assert not (await works.reload("port")).rolled_back
    assert await works.stamps() == {"port": "2"}


async def test_a_mistake_of_ours_holds_nobody_at_the_door(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.write("port", "1", PORT, says=SAYS)
    await works.start()
    works.write("port", "2", PORT, says=SAYS)

    def born(*_: Any) -> Any:
        raise RuntimeError("a mistake")

    with monkeypatch.context() as patch:
        patch.setattr(type(works.chassis.plugin_manager.supervisor._moves), "born", born)
        with pytest.raises(RuntimeError, match="a mistake"):
            await works.reload("port")
        assert not works.chassis.plugin_manager.selector.holds
        assert works.unit("port").busy is None
    await works.reload("port")
    assert await works.stamps() == {"port": "2"}
