"""A service that is started in one event loop and used in the next, as test clients do it."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin, PluginContext

from .house import assert_nothing_left, house, named, states


@pytest.mark.parametrize("stopped", [False, True])
def test_what_lived_in_a_loop_that_has_ended_lives_again_in_the_next(
    anyio_backend: str, stopped: bool
) -> None:
    beats: list[int] = []
    may_stop = [True] if stopped else []

    async def initialize(self: Any, context: PluginContext) -> None:
        context.tasks.start(beat)
        context.event_bus.subscribe("tick", beats.append)

    async def beat() -> None:
        beats.append(1)
        await anyio.sleep_forever()

    async def stop(self: IPlugin) -> None:
        if not may_stop:
            raise AssertionError("the loop in which it could have stopped has ended")

    async def first() -> None:
        await manager.load(named("beating", initialize=initialize, stop=stop))
        await manager.load(named("leaning", needs=("beating",)))
        await manager.start()
        await anyio.sleep(0.01)
        if stopped:
            await manager.stop()

    async def second() -> None:
        assert manager.supervisor.stranded is not stopped
        await manager.start()
        assert not manager.supervisor.stranded
        await anyio.sleep(0.01)
        assert set(states(manager).values()) == {State.STARTED}
        may_stop.append(True)
        await manager.stop()

    manager = house()
    anyio.run(first, backend=anyio_backend)
    anyio.run(second, backend=anyio_backend)

    assert beats == [1, 1]
    assert manager.faults.count("beating") == 0
    assert_nothing_left(manager)
