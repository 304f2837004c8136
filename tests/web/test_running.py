"""Starting once for all who ask, and again in another event loop."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.web.running import Running


class Acts:
    def __init__(self) -> None:
        self.done: list[str] = []
        self.error: Exception | None = None
        self.may_start: anyio.Event | None = None
        self.may_stop: anyio.Event | None = None
        self.stopping = anyio.Event()
        self.running = Running(self.start, self.stop)

    async def start(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.may_start:
            await self.may_start.wait()
        if self.error:
            raise self.error
        self.done.append("start")

    async def stop(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.stopping.set()
        if self.may_stop:
            await self.may_stop.wait()
        self.done.append("stop")

    async def enter_and_leave(self) -> None:
        with anyio.move_on_after(0):
            await self.running.enter()


@pytest.fixture
def acts() -> Acts:
    return Acts()


async def test_it_starts_with_the_first_and_stops_with_the_last(acts) -> None:
    await acts.running.enter()
    await acts.running.enter()
    await acts.running.leave()
    assert acts.done == ["start"]
    assert acts.running.here

    await acts.running.leave()

    assert acts.done == ["start", "stop"]
    assert not acts.running.here
    await acts.running.enter()
    assert acts.done == ["start", "stop", "start"]


async def test_many_who_come_at_once_wait_for_one_start(acts) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(acts.running.enter)

    assert acts.done == ["start"]
    assert repr(acts.running) == "<Running for 5>"


async def test_a_request_without_a_lifespan_starts_it_and_is_told_once(acts) -> None:
    with pytest.warns(RuntimeWarning, match="lifespan was never run") as told:
        await acts.running.late()
    await acts.running.late()

    assert len(told) == 1
    assert acts.done == ["start"]


async def test_a_start_survives_the_request_that_asked_for_it(acts) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        with pytest.warns(RuntimeWarning):
            await acts.running.late()
    await acts.running.enter()

    assert acts.done == ["start"]


async def test_a_start_that_failed_is_told_and_may_be_tried_again(acts) -> None:
    acts.error = ValueError("strict")
    with pytest.raises(ValueError, match="strict"):
        await acts.running.enter()
    assert repr(acts.running) == "<Not running>"

    acts.error = None
    await acts.running.enter()

    assert acts.done == ["start"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_another_event_loop_starts_it_again(acts, backend) -> None:
    anyio.run(acts.running.enter, backend=backend)
    anyio.run(acts.running.enter, backend=backend)

    assert acts.done == ["start", "start"]
    assert not acts.running.here


async def test_who_enters_while_the_last_one_leaves_starts_it_anew(acts) -> None:
    await acts.running.enter()
    acts.may_stop = anyio.Event()

    async with anyio.create_task_group() as group:
        group.start_soon(acts.running.leave)
        await acts.stopping.wait()
        group.start_soon(acts.running.enter)
        await anyio.wait_all_tasks_blocked()
        assert acts.done == ["start"]
        acts.may_stop.set()

    assert acts.done == ["start", "stop", "start"]
    assert acts.running.ready


async def test_who_enters_while_the_last_one_waits_for_the_start_keeps_it(acts) -> None:
    acts.may_start = anyio.Event()

    async with anyio.create_task_group() as group:
        group.start_soon(acts.enter_and_leave)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(acts.running.enter)
        await anyio.wait_all_tasks_blocked()
        acts.may_start.set()

    assert acts.done == ["start"]
    assert acts.running.ready


async def test_who_is_cancelled_while_it_starts_leaves_nothing_running(acts) -> None:
    acts.may_start = anyio.Event()

    async with anyio.create_task_group() as group:
        group.start_soon(acts.running.enter)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        acts.may_start.set()

    assert acts.done == ["start", "stop"]
    assert repr(acts.running) == "<Not running>"


async def test_who_is_cancelled_while_leaving_has_stopped_it_all_the_same(acts) -> None:
    await acts.running.enter()

    with anyio.CancelScope() as scope:
        scope.cancel()
        await acts.running.leave()

    assert acts.done == ["start", "stop"]
