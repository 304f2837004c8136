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
        self.running = Running(self.start, self.stop)

    async def start(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.error:
            raise self.error
        self.done.append("start")

    async def stop(self) -> None:
        self.done.append("stop")


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
