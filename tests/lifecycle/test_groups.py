"""A task group that a plugin holds open fails: the plugin has failed, whoever made the group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin

from .house import assert_nothing_left, house, named, running, states, status, until


def holding(make_group: Callable[[], Any], broken: anyio.Event, log: list[str]) -> type:
    """A plugin whose group has a task that fails when `broken` is set, and one that waits."""

    async def fail() -> None:
        await broken.wait()
        raise ValueError("boom")

    async def start(self: Any) -> None:
        group = await self.context.resources.enter_async_context(make_group())
        if isinstance(group, asyncio.TaskGroup):
            group.create_task(fail())
            group.create_task(anyio.sleep_forever())
        else:
            group.start_soon(fail)
            group.start_soon(anyio.sleep_forever)

    async def stop(self: IPlugin) -> None:
        log.append("stopped")

    return named("holding", start=start, stop=stop)


@pytest.mark.parametrize("make_group", [anyio.create_task_group, asyncio.TaskGroup])
async def test_a_group_that_fails_ends_its_plugin_and_its_dependents_wait(
    make_group: Callable[[], Any], anyio_backend: str
) -> None:
    if make_group is asyncio.TaskGroup and anyio_backend == "trio":
        pytest.skip("this group is asyncio's")
    broken, log = anyio.Event(), list[str]()
    manager = await running(
        house(), holding(make_group, broken, log), named("leaning", needs=("holding",))
    )

    broken.set()
    await until(lambda: states(manager)["holding"] is State.ERROR)

    assert "holds open has failed" in status(manager, "holding").reason
    assert states(manager)["leaning"] is State.BLOCKED
    assert log == ["stopped"]
    await manager.stop()
    assert_nothing_left(manager)


def test_the_end_of_the_event_loop_is_no_failure_of_a_plugin(anyio_backend: str) -> None:
    manager = house()

    async def used() -> None:
        await running(manager, named("one"))
        await anyio.wait_all_tasks_blocked()

    anyio.run(used, backend=anyio_backend)

    assert manager.faults.count("one") == 0
    assert states(manager) == {"one": State.STARTED}
