"""Several at once: two plugins, one twice, beside other moves, during start and shutdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import pytest

from marty_chassis.errors import LifecycleError, NotRunning, PluginBusy
from marty_chassis.lifecycle import Reloaded, State

from .works import Works, until

SLOW = """
async def start(self):
    witness.log.append(("starts", NAME, WORD))
    gate = witness.events.get((NAME, WORD))
    if gate is not None:
        await gate.wait()
async def stop(self):
    witness.log.append(("stop", NAME, WORD))
"""


def gate(works: Works, name: str, word: str) -> anyio.Event:
    """A start that waits."""
    event: anyio.Event = works.witness.events.setdefault((name, word), anyio.Event())
    return event


async def test_two_plugins_are_reloaded_side_by_side(works: Works) -> None:
    works.write("a", "1", SLOW)
    works.write("b", "1", SLOW)
    await works.start()
    found: list[Reloaded] = []

    async def reload(name: str) -> None:
        found.append(await works.reload(name))

    gates = [gate(works, "a", "2"), gate(works, "b", "2")]
    async with anyio.create_task_group() as group:
        for name in "ab":
            works.write(name, "2", SLOW)
            group.start_soon(reload, name)
        await until(lambda: len([1 for what in works.log if what[2] == "2"]) == 2)
        assert await works.stamps() == {"a": "1", "b": "1"}
        for one in gates:
            one.set()

    assert [one.rolled_back for one in found] == [False, False]
    works.assert_whole(a="2", b="2")


async def test_one_plugin_twice_at_once_is_busy_and_says_with_what(works: Works) -> None:
    works.write("a", "1", SLOW)
    works.write("user", "1", SLOW, says="dependencies=['a']")
    works.write("apart", "1")
    await works.start()
    works.write("a", "2", SLOW)
    held = gate(works, "a", "2")
    manager = works.chassis.plugin_manager
    found: list[Reloaded] = []

    async def reload() -> None:
        found.append(await works.reload("a"))

    async with anyio.create_task_group() as group:
        group.start_soon(reload)
        await until(lambda: ("starts", "a", "2") in works.log)
        asks: list[Callable[[], Any]] = [
            lambda: works.reload("a"),
            lambda: works.reload("user"),
            lambda: manager.disable("a", force=True),
            lambda: manager.enable("user"),
            lambda: manager.unload("user", force=True),
            lambda: manager.stop("a", force=True),
        ]
        for ask in asks:
            with pytest.raises(PluginBusy, match="being reloaded, with what stands on 'a'"):
                await ask()
        answer = await works.post("/plugins/user/reload")
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:marty:plugin-busy")
        assert not (await works.reload("apart")).rolled_back
        held.set()

    assert not found[0].rolled_back
    works.assert_whole(a="2", user="1")


async def test_a_plugin_whose_dependent_is_starting_is_busy(works: Works) -> None:
    works.write("a", "1", SLOW)
    works.write("user", "1", SLOW, says="dependencies=['a']")
    held = gate(works, "user", "1")

    async with anyio.create_task_group() as group:
        group.start_soon(works.start)
        await until(lambda: ("starts", "user", "1") in works.log)
        with pytest.raises(PluginBusy, match="'user' is starting"):
            await works.reload("a")
        held.set()

    assert not (await works.reload("a")).rolled_back


async def test_during_the_start_what_serves_already_can_be_reloaded(works: Works) -> None:
    works.write("a", "1", SLOW)
    works.write("b", "1", SLOW)
    held = gate(works, "b", "1")

    async with anyio.create_task_group() as group:
        group.start_soon(works.start)
        await until(
            lambda: ("starts", "b", "1") in works.log and works.states["a"] is State.STARTED
        )
        works.write("a", "2", SLOW)
        assert not (await works.reload("a")).rolled_back
        held.set()

    works.assert_whole(a="2", b="1")
    assert await works.stamps() == {"a": "2", "b": "1"}


async def test_who_starts_meanwhile_waits_for_the_new_one(works: Works) -> None:
    works.write("a", "1", SLOW)
    works.write(
        "user",
        "1",
        """
async def initialize(self, context):
    self.a = context.plugins.get("a")
""",
        says="dependencies=['a']",
    )
    await works.start()
    manager = works.chassis.plugin_manager
    await manager.disable("user", force=True)
    works.write("a", "2", SLOW)
    held = gate(works, "a", "2")

    async with anyio.create_task_group() as group:
        group.start_soon(works.reload, "a")
        await until(lambda: ("starts", "a", "2") in works.log)
        group.start_soon(manager.enable, "user")
        await anyio.sleep(0.02)
        assert works.states["user"] is State.DISABLED
        held.set()

    await until(lambda: works.states["user"] is State.STARTED)
    assert works.plugin("user").a is works.plugin("a")


async def test_a_shutdown_takes_a_reload_back(works: Works) -> None:
    works.write("a", "1", SLOW)
    await works.start()
    works.write("a", "2", SLOW)
    gate(works, "a", "2")
    found: list[Reloaded] = []

    async def reload() -> None:
        found.append(await works.reload("a"))

    with anyio.fail_after(2):
        async with anyio.create_task_group() as group:
            group.start_soon(reload)
            await until(lambda: ("starts", "a", "2") in works.log)
            await works.stop()

    assert found[0].rolled_back
    assert "told to leave" in found[0].reason
    assert [what for what in works.log if what[0] == "stop"] == [
        ("stop", "a", "2"),
        ("stop", "a", "1"),
    ]
    assert works.states == {"a": State.STOPPED}
    assert works.chassis.pending() == {}
    assert len(works.modules("a")) == 1
    with pytest.raises(NotRunning):
        await works.reload("a")


async def test_during_a_shutdown_nothing_is_reloaded(works: Works) -> None:
    works.write("a", "1", "async def stop(self): await witness.events['stop'].wait()")
    works.witness.events["stop"] = anyio.Event()
    works.write("b", "1")
    await works.start()

    async with anyio.create_task_group() as group:
        group.start_soon(works.chassis.plugin_manager.stop)
        await until(lambda: works.states["b"] is State.STOPPED)
        with pytest.raises((PluginBusy, NotRunning)):
            await works.reload("a")
        with pytest.raises(NotRunning):
            await works.reload("b")
        works.witness.events["stop"].set()


async def test_what_a_plugin_needs_leaves_and_takes_the_reload_back(works: Works) -> None:
    works.write("base", "1", SLOW)
    works.write("a", "1", SLOW, says="dependencies=['base']")
    await works.start()
    works.write("a", "2", SLOW, says="dependencies=['base']")
    gate(works, "a", "2")
    found: list[Reloaded] = []

    async def reload() -> None:
        found.append(await works.reload("a"))

    with anyio.fail_after(2):
        async with anyio.create_task_group() as group:
            group.start_soon(reload)
            await until(lambda: ("starts", "a", "2") in works.log)
            await works.chassis.plugin_manager.stop("base", force=True)

    assert found[0].rolled_back
    await until(lambda: works.states == {"a": State.BLOCKED, "base": State.STOPPED})
    assert [what for what in works.log if what[0] == "stop"] == [
        ("stop", "a", "2"),
        ("stop", "a", "1"),
        ("stop", "base", "1"),
    ]


async def test_a_death_during_a_failing_reload_is_seen_after_it(works: Works) -> None:
    dies = """
async def start(self):
    self.context.tasks.start(self.live)
async def live(self):
    await witness.events["die"].wait()
    raise ValueError("died")
"""
    works.witness.events["die"] = anyio.Event()
    works.write("a", "1", dies)
    await works.start()
    works.write(
        "a",
        "2",
        "async def start(self):\n    witness.events['die'].set()\n    await anyio.sleep(0.03)\n    raise ValueError",
    )

    reloaded = await works.reload("a")

    assert reloaded.rolled_back
    await until(lambda: works.states["a"] is State.ERROR)
    assert works.chassis.plugin_manager.missing_required()
    works.write("a", "3")
    assert not (await works.reload("a")).rolled_back
    assert not works.chassis.plugin_manager.missing_required()


async def test_a_death_of_the_old_one_after_the_swap_is_its_own_affair(works: Works) -> None:
    works.witness.events["die"] = anyio.Event()
    works.write(
        "a",
        "1",
        """
async def start(self):
    self.context.tasks.start(self.live)
async def live(self):
    await witness.events["die"].wait()
    raise ValueError("died")
""",
    )
    await works.start()

    async with anyio.create_task_group() as group:
        group.start_soon(works.get, "/slow")
        await until(lambda: "slow" in works.log)
        works.write("a", "2")
        await works.reload("a")
        works.witness.events["die"].set()
        await anyio.sleep(0.02)
        works.assert_whole(a="2")
        works.hold("slow").set()

    await until(lambda: not works.unit("a").olds)
    works.assert_whole(a="2")


async def test_requests_all_through_fifty_reloads_see_one_generation_each(works: Works) -> None:
    for name in ("base", "user"):
        works.write(name, "0", says="dependencies=['base']" if name == "user" else "")
    works.write("base", "0", "def word(self): return WORD")
    works.write(
        "user",
        "0",
        """
async def process_request(self, request, call_next):
    word = self.context.plugins.get("base").word()
    response = await call_next(request)
    response.headers.append("x-stamp", f"user={word}/{self.context.plugins.get('base').word()}")
    return response
""",
        says="dependencies=['base']",
    )
    await works.start()
    answers: list[httpx2.Response] = []
    done = False

    async def load() -> None:
        async with works.client() as client:
            while not done:
                answers.append(await client.get("/"))
                await anyio.sleep(0.001)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(load)
        for number in range(1, 51):
            broken = number % 10 == 0
            works.write("base", str(number), "def word(self): return WORD" + "(" * broken)
            reloaded = await works.reload("base")
            assert reloaded.rolled_back is broken
            serves = str(number - broken)
            fresh = await works.stamps()
            assert fresh == {"base": serves, "user": f"{serves}/{serves}"}
        done = True

    assert len(answers) >= 50
    for answer in answers:
        assert answer.status_code == 200
        word = dict(v.split("=") for v in answer.headers.get_list("x-stamp"))
        assert word["user"] == f"{word['base']}/{word['base']}"


async def test_an_error_of_the_lifecycle_leaves_the_family_free(works: Works) -> None:
    works.write("a", "1")
    await works.start()

    for name in ("nobody", "a/b"):
        with pytest.raises(LifecycleError):
            await works.reload(name)

    assert works.unit("a").busy is None
    assert works.unit("a").change is None
