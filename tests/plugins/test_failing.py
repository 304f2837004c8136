"""A plugin that fails, in each phase and in each way: its neighbours and the service live on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import anyio
import pytest

from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin, PluginContext, PluginManager, hookimpl, plugin

from ..boundary.foreign import Deaf, cancellation_of_its_own, on_asyncio
from ..lifecycle.house import (
    assert_nothing_left,
    house,
    named,
    running,
    short_grace,
    states,
    status,
    until,
)

__all__ = ["short_grace"]

PHASES = ("construct", "initialize", "start")

KINDS: dict[str, Callable[[], BaseException]] = {
    "exception": lambda: ValueError("no host"),
    "exit": lambda: SystemExit(3),
    "base": lambda: BaseException("odd"),
    "interrupt": lambda: KeyboardInterrupt(),
    "group": lambda: BaseExceptionGroup("many", [SystemExit(3), ValueError("one")]),
}


class Troubled(IPlugin):
    """Opens something of each kind, then makes trouble where it is told to."""

    trouble: dict[str, Callable[[], Any]]

    def __init__(self) -> None:
        self._meet("construct")

    async def initialize(self, context: PluginContext) -> None:
        context.extension_points.register_handler("service.post_register", lambda: None)
        context.event_bus.subscribe("user.*", lambda event_data: None)
        context.metrics.counter("seen", "what it saw").inc()
        context.tasks.start(anyio.sleep_forever)
        context.resources.callback(lambda: None)
        await context.service_registry.register({"name": "billing", "id": "billing-1"})
        await self._meet_async("initialize")

    async def start(self) -> None:
        await self._meet_async("start")

    async def stop(self) -> None:
        await self._meet_async("stop")

    @hookimpl
    def health_check(self) -> dict[str, bool]:
        return {"healthy": True}

    def _meet(self, phase: str) -> None:
        if phase in self.trouble:
            self.trouble[phase]()

    async def _meet_async(self, phase: str) -> None:
        answer = self.trouble[phase]() if phase in self.trouble else None
        if isinstance(answer, Awaitable):
            await answer


def troubled(phase: str, trouble: Callable[[], Any]) -> type[Troubled]:
    @plugin(name="troubled", version="1.2.3")
    class One(Troubled):
        pass

    One.trouble = {phase: trouble}
    return One


def raising(error: Callable[[], BaseException]) -> Callable[[], None]:
    def trouble() -> None:
        raise error()

    return trouble


async def with_neighbours(kind: type) -> PluginManager:
    return await running(house(), kind, named("leaning", needs=("troubled",)), named("neighbour"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phase", PHASES)
async def test_what_it_raises_on_the_way_up_is_its_own_affair(phase: str, kind: str) -> None:
    manager = await with_neighbours(troubled(phase, raising(KINDS[kind])))

    one = status(manager, "troubled")
    assert (one.state, one.phase) == (State.ERROR, phase)
    assert type(KINDS[kind]()).__name__ in one.reason
    assert states(manager)["neighbour"] is State.STARTED
    assert states(manager)["leaning"] is State.BLOCKED
    assert status(manager, "leaning").blocked_by == ("troubled",)
    assert_nothing_left(manager, "troubled", "leaning")

    await manager.stop()
    assert_nothing_left(manager)


@pytest.mark.parametrize("phase", ["initialize", "start"])
async def test_a_cancellation_of_its_own_is_a_fault(phase: str) -> None:
    async def made_up() -> None:
        raise await cancellation_of_its_own()

    manager = await with_neighbours(troubled(phase, made_up))

    one = status(manager, "troubled")
    assert (one.state, one.phase) == (State.ERROR, phase)
    assert "Cancelled" in one.reason
    assert states(manager)["neighbour"] is State.STARTED
    await manager.stop()
    assert_nothing_left(manager)


@pytest.mark.parametrize("phase", ["initialize", "start"])
async def test_hanging_on_the_way_up_ends_after_its_time(phase: str) -> None:
    manager = await with_neighbours(troubled(phase, anyio.sleep_forever))

    one = status(manager, "troubled")
    assert (one.state, one.phase) == (State.ERROR, phase)
    assert "0.3 s" in one.reason
    assert states(manager)["leaning"] is State.BLOCKED
    assert_nothing_left(manager, "troubled")
    await manager.stop()


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    with Deaf() as one:
        yield one


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("phase", ["initialize", "start", "stop"])
async def test_code_that_will_not_leave_is_put_in_quarantine(phase: str, deaf: Deaf) -> None:
    manager = await with_neighbours(troubled(phase, deaf))
    if phase == "stop":
        await manager.stop("troubled")

    one = status(manager, "troubled")
    assert (one.state, one.phase) == (State.QUARANTINED, phase)
    assert "restart the process" in one.reason
    assert states(manager)["neighbour"] is State.STARTED
    assert states(manager)["leaning"] is State.BLOCKED
    assert_nothing_left(manager, "troubled")
    assert manager.failures.strays.names() == ("plugin troubled",)

    deaf.over = True
    await until(lambda: not manager.failures.strays)
    await manager.stop()


@pytest.mark.usefixtures("short_grace")
async def test_what_is_in_quarantine_starts_again_only_when_it_is_gone(deaf: Deaf) -> None:
    manager = await running(house(), kind := troubled("start", deaf))

    with pytest.raises(Exception, match="'troubled' is still running code"):
        await manager.start("troubled")

    deaf.over = True
    await until(lambda: not manager.failures.strays)
    kind.trouble = {}
    await manager.start("troubled")
    assert states(manager)["troubled"] is State.STARTED
    await manager.stop()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_it_raises_in_stop_keeps_nothing_from_being_undone(kind: str) -> None:
    manager = await with_neighbours(troubled("stop", raising(KINDS[kind])))
    assert set(states(manager).values()) == {State.STARTED}

    await manager.stop("troubled")

    one = status(manager, "troubled")
    assert (one.state, one.phase) == (State.ERROR, "stop")
    assert states(manager)["leaning"] is State.BLOCKED
    assert_nothing_left(manager, "troubled", "leaning")
    await manager.stop()


async def test_hanging_in_stop_ends_after_its_time() -> None:
    manager = await with_neighbours(troubled("stop", anyio.sleep_forever))

    assert await manager.stop() == ()

    assert status(manager, "troubled").phase == "stop"
    assert_nothing_left(manager)


async def test_a_plugin_that_failed_starts_again_when_it_is_asked_and_its_dependents_with_it() -> (
    None
):
    manager = await with_neighbours(kind := troubled("start", raising(KINDS["exception"])))

    kind.trouble = {}
    await manager.start("troubled")

    assert set(states(manager).values()) == {State.STARTED}
    assert status(manager, "troubled").generation == 2
    await manager.stop()


async def test_a_background_task_that_dies_takes_its_plugin_and_nobody_else() -> None:
    died = anyio.Event()

    async def die() -> None:
        await died.wait()
        raise ValueError("connection lost")

    async def initialize(self: IPlugin, context: PluginContext) -> None:
        context.tasks.start(die, name="poller")

    manager = await running(
        house(),
        named("worker", initialize=initialize),
        named("leaning", needs=("worker",)),
        named("neighbour"),
    )
    assert set(states(manager).values()) == {State.STARTED}

    died.set()
    await until(lambda: states(manager)["worker"] is State.ERROR)

    one = status(manager, "worker")
    assert one.phase == "run"
    assert "run poller failed: ValueError: connection lost" in one.reason
    assert states(manager)["leaning"] is State.BLOCKED
    assert states(manager)["neighbour"] is State.STARTED
    assert_nothing_left(manager, "worker")
    await manager.stop()


async def test_a_task_that_dies_while_the_plugin_starts_fails_the_start() -> None:
    async def die() -> None:
        raise SystemExit(2)

    async def start(self: IPlugin) -> None:
        task = self.context.tasks.start(die)
        await task.wait()

    manager = await running(house(), named("worker", start=start))

    assert (status(manager, "worker").state, status(manager, "worker").phase) == (
        State.ERROR,
        "run",
    )
    assert_nothing_left(manager)
    await manager.stop()


async def test_a_task_group_that_a_plugin_keeps_open_may_be_closed_by_stop() -> None:
    async def start(self: Any) -> None:
        self.group = await anyio.create_task_group().__aenter__()
        self.group.start_soon(anyio.sleep_forever)

    async def stop(self: Any) -> None:
        self.group.cancel_scope.cancel()
        await self.group.__aexit__(None, None, None)

    manager = await running(house(), named("grouped", start=start, stop=stop))
    assert states(manager)["grouped"] is State.STARTED

    await manager.stop()

    assert states(manager)["grouped"] is State.STOPPED
    assert manager.faults.count("grouped") == 0


async def test_a_task_group_in_its_resources_is_closed_when_it_leaves() -> None:
    async def start(self: IPlugin) -> None:
        group = await self.context.resources.enter_async_context(anyio.create_task_group())
        self.context.resources.callback(group.cancel_scope.cancel)
        group.start_soon(anyio.sleep_forever)

    manager = await running(house(), named("grouped", start=start))

    await manager.stop()

    assert states(manager)["grouped"] is State.STOPPED
    assert manager.faults.count("grouped") == 0


async def test_a_task_group_of_its_own_that_fails_turns_the_plugin_to_error() -> None:
    died = anyio.Event()

    async def die() -> None:
        await died.wait()
        raise ValueError("gone")

    async def start(self: Any) -> None:
        self.group = await anyio.create_task_group().__aenter__()
        self.group.start_soon(die)

    manager = await running(house(), named("grouped", start=start), named("neighbour"))

    died.set()
    await until(lambda: states(manager)["grouped"] is State.ERROR)

    assert status(manager, "grouped").phase == "run"
    assert states(manager)["neighbour"] is State.STARTED
    await manager.stop()


async def test_a_task_group_that_a_plugin_forgets_to_close_hurts_nobody_else() -> None:
    closed: list[str] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            closed.append("work")

    async def start(self: Any) -> None:
        self.group = await anyio.create_task_group().__aenter__()
        self.group.start_soon(work)

    manager = await running(house(), kind := named("forgetful", start=start), named("neighbour"))
    await manager.stop("forgetful")
    assert states(manager)["neighbour"] is State.STARTED

    await manager.load(named("after"))
    assert states(manager)["after"] is State.STARTED
    await manager.stop()
    assert kind.__name__ == "Forgetful"


async def test_a_plugin_that_cancels_the_task_it_lives_in_is_at_fault() -> None:
    async def start(self: Any) -> None:
        if on_asyncio():
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await anyio.sleep(1)
        raise await cancellation_of_its_own()

    manager = await running(house(), named("suicidal", start=start), named("neighbour"))

    one = status(manager, "suicidal")
    assert (one.state, one.phase) == (State.ERROR, "start")
    assert states(manager)["neighbour"] is State.STARTED
    await manager.stop()


@pytest.mark.usefixtures("short_grace")
async def test_a_background_task_that_will_not_leave_is_named(deaf: Deaf) -> None:
    async def start(self: IPlugin) -> None:
        self.context.tasks.start(deaf, name="deaf")

    manager = await running(house(), named("worker", start=start))
    await manager.stop("worker")

    one = status(manager, "worker")
    assert (one.state, one.phase) == (State.QUARANTINED, "undo")
    assert one.left == ("task deaf #1",)
    assert manager.supervisor.pending() == {"worker": ("task deaf #1",)}
    assert "plugin worker: deaf" in manager.failures.strays.names()
    await manager.stop()
    deaf.over = True
    await until(lambda: not manager.failures.strays)
