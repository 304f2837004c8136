"""Reloading a plugin that does not serve is a start with fresh code."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.discovery import find_one
from marty_chassis.errors import PluginBusy, PluginExists, PluginRequired, UnknownPlugin
from marty_chassis.lifecycle import State

from .works import Works, until


async def test_a_file_that_was_broken_starts_once_it_is_mended(works: Works) -> None:
    works.write_text("a", "class (")
    await works.start(plugins={"a": {"key": 1}})
    assert works.states == {"a": State.ERROR}
    assert (await works.get()).status_code == 503
    works.write_text("a", "class [")

    still = await works.reload("a")
    assert still.rolled_back
    assert "a.py:1: SyntaxError" in still.reason
    assert works.unit("a").reason == still.reason

    works.write("a", "1")
    reloaded = await works.reload("a")

    assert not reloaded.rolled_back
    assert reloaded.code_reloaded
    assert (reloaded.generation, reloaded.reason) == (1, "")
    assert await works.stamps() == {"a": "1"}
    works.assert_whole(a="1")


BROKEN = {
    State.ERROR: "async def start(self): raise ValueError('not so')",
    State.RETRYING: "async def start(self): raise PluginNotReady('wait', 60)",
}


@pytest.mark.parametrize("state", BROKEN)
async def test_one_that_failed_starts_with_new_code(works: Works, state: State) -> None:
    works.write("a", "1", BROKEN[state])
    works.write("user", "1", says="dependencies=['a']")
    await works.start()
    assert works.states == {"a": state, "user": State.BLOCKED}
    works.write("a", "2")

    reloaded = await works.reload("a")

    assert not reloaded.rolled_back
    await until(lambda: works.states["user"] is State.STARTED)
    works.assert_whole(a="2", user="1")
    assert len(works.modules("a")) == 1


async def test_one_that_still_fails_says_so(works: Works) -> None:
    works.write("a", "1", BROKEN[State.ERROR])
    await works.start()
    works.write("a", "2", BROKEN[State.ERROR].replace("not so", "nor so"))

    reloaded = await works.reload("a")

    assert reloaded.rolled_back
    assert "ValueError: nor so" in reloaded.reason
    assert works.states == {"a": State.ERROR}


async def test_one_that_was_stopped_starts_and_a_broken_file_leaves_it_stopped(
    works: Works,
) -> None:
    works.write("a", "1")
    await works.start()
    await works.chassis.plugin_manager.stop("a", force=True)
    works.write_text("a", "class (")

    assert (await works.reload("a")).rolled_back
    assert works.states == {"a": State.STOPPED}
    assert len(works.modules("a")) == 1
    works.write("a", "2")
    assert not (await works.reload("a")).rolled_back

    works.assert_whole(a="2")


async def test_one_that_waits_for_another_goes_on_waiting_with_new_code(works: Works) -> None:
    works.write("a", "1", says="dependencies=['base']")
    await works.start()
    works.write("a", "2", says="dependencies=['base']")

    reloaded = await works.reload("a")

    assert reloaded.rolled_back
    assert "needs 'base'" in reloaded.reason
    assert works.states == {"a": State.BLOCKED}
    works.write("a", "3")
    assert not (await works.reload("a")).rolled_back
    works.assert_whole(a="3")


async def test_one_that_is_in_quarantine_starts_with_new_code(
    works: Works, short_grace: None
) -> None:
    works.write(
        "a",
        "1",
        """
async def stop(self):
    with anyio.CancelScope(shield=True):
        while "free" not in witness.events:
            try:
                await anyio.sleep(0.005)
            except BaseException:
                pass
""",
    )
    await works.start()
    await works.chassis.plugin_manager.stop("a", force=True)
    assert works.states == {"a": State.QUARANTINED}
    works.write("a", "2")

    reloaded = await works.reload("a")

    assert not reloaded.rolled_back
    works.assert_whole(a="2")
    works.witness.events["free"] = True
    strays = works.chassis.plugin_manager.failures.strays
    await until(lambda: not strays)


async def test_one_that_does_not_serve_twice_at_once_is_read_once(works: Works) -> None:
    works.write("a", "1")
    await works.start()
    await works.chassis.plugin_manager.stop("a", force=True)
    works.write("a", "2")
    said: list[object] = []

    async def reload() -> None:
        try:
            said.append((await works.reload("a")).rolled_back)
        except PluginBusy as error:
            said.append(error.doing)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(reload)

    assert False in said
    works.assert_whole(a="2")
    assert len(works.modules("a")) == 1


async def test_unloading_twice_at_once_unloads_once(works: Works) -> None:
    works.write("a", "1")
    await works.start()
    await works.chassis.plugin_manager.stop("a", force=True)
    said: list[object] = []

    async def unload() -> None:
        try:
            said.append((await works.chassis.plugin_manager.unload("a", force=True)).state)
        except UnknownPlugin:
            said.append("unknown")

    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(unload)

    assert sorted(map(str, said)) == ["State.UNLOADED", "unknown"]
    assert works.states == {}


async def test_a_new_file_is_loaded_and_a_deleted_one_unloaded(works: Works) -> None:
    await works.start()
    manager = works.chassis.plugin_manager
    works.write("late", "1")
    config = works.chassis.config

    found = find_one(config, "late", faults=works.chassis.faults, environ={})
    assert found is not None
    assert (await manager.load(found)).state is State.STARTED
    assert await works.stamps() == {"late": "1"}
    with pytest.raises(PluginExists):
        await manager.load(found)
    with pytest.raises(PluginRequired):
        await manager.unload("late")

    (works.folder / "late.py").unlink()
    deleted = await works.reload("late")
    assert deleted.rolled_back
    works.assert_whole(late="1")
    await manager.unload("late", force=True)

    assert works.states == {}
    assert not works.modules("late")
    assert (await works.get()).status_code == 503
    works.write("late", "2")
    again = find_one(config, "late", faults=works.chassis.faults, environ={})
    assert again is not None
    await manager.load(again)
    assert await works.stamps() == {"late": "2"}
