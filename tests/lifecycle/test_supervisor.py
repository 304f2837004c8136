"""Starting and stopping many: who waits for whom, who comes back, and who is named."""

from __future__ import annotations

import sys
from typing import Any

import anyio
import pytest

from marty_chassis.boundary import Faults
from marty_chassis.discovery.given import given
from marty_chassis.errors import (
    DependencyCycle,
    NotRunning,
    PluginBusy,
    PluginDisabled,
    PluginExists,
    StartAborted,
    UnknownPlugin,
)
from marty_chassis.lifecycle import Moved, State
from marty_chassis.plugins import IPlugin, PluginManager, PluginNotReady

from ..boundary.foreign import Deaf
from .house import (
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

PATIENT = {"stop_timeout": 10.0, "shutdown_timeout": 20.0}
"""For a `stop` that waits for what the test does."""


class Gate:
    """A `start` that waits until it is let through."""

    def __init__(self) -> None:
        self.opened = anyio.Event()
        self.entered = 0

    def __call__(self) -> Any:
        async def start(_: IPlugin) -> None:
            self.entered += 1
            await self.opened.wait()

        return start


class Flaky:
    """A `start` that raises until it is mended."""

    def __init__(self, error: BaseException) -> None:
        self.error: BaseException | None = error
        self.tries = 0

    def __call__(self) -> Any:
        async def start(_: IPlugin) -> None:
            self.tries += 1
            if self.error is not None:
                raise self.error

        return start


def told(manager: PluginManager) -> list[str]:
    """Each move as it happens."""
    lines: list[str] = []
    manager.subscribe(lambda moved: lines.append(str(moved)))
    return lines


async def test_independent_plugins_start_together_and_dependents_after_them() -> None:
    one, two = Gate(), Gate()
    manager = house()
    for kind in (
        named("one", start=one()),
        named("two", start=two()),
        named("both", needs=("one", "two")),
    ):
        await manager.load(kind)

    async with anyio.create_task_group() as group:
        group.start_soon(manager.start)
        await until(lambda: one.entered + two.entered == 2)
        assert states(manager)["both"] is State.DISCOVERED
        one.opened.set()
        two.opened.set()

    assert set(states(manager).values()) == {State.STARTED}
    await manager.stop()


async def test_stop_is_start_backwards() -> None:
    manager = await running(
        house(), named("base"), named("middle", needs=("base",)), named("top", needs=("middle",))
    )
    lines = told(manager)

    await manager.stop()

    assert [line for line in lines if line.endswith("stopped")] == [
        "top: stopping -> stopped",
        "middle: stopping -> stopped",
        "base: stopping -> stopped",
    ]
    assert_nothing_left(manager)


async def test_what_is_missing_is_named_and_blocks_only_who_needs_it() -> None:
    manager = await running(
        house(),
        named("dependent-plugin", needs=("jwt-authentication", "metrics-collector>=2")),
        named("metrics-collector", version="1.0"),
        named("above", needs=("dependent-plugin",)),
    )

    one = status(manager, "dependent-plugin")
    assert one.state is State.BLOCKED
    assert one.blocked_by == ("jwt-authentication", "metrics-collector")
    assert one.reason == (
        "needs 'jwt-authentication', which no plugin here is or provides;"
        " 'metrics-collector>=2', but finds metrics-collector 1.0."
        " Install or enable it, or remove the dependency."
    )
    assert status(manager, "above").reason == (
        "needs 'dependent-plugin', which is blocked. It starts by itself when that has started."
    )
    assert states(manager)["metrics-collector"] is State.STARTED

    await manager.load(named("jwt-authentication"))
    assert states(manager)["dependent-plugin"] is State.BLOCKED
    await manager.unload("metrics-collector")
    await manager.load(named("metrics-collector", version="2.0"))
    assert set(states(manager).values()) == {State.STARTED}
    await manager.stop()


async def test_plugins_in_a_cycle_are_blocked_and_the_path_is_drawn() -> None:
    manager = await running(house(), named("a", needs=("b",)), named("b", needs=("a",)), named("c"))

    assert states(manager) == {"a": State.BLOCKED, "b": State.BLOCKED, "c": State.STARTED}
    assert "a -> b -> a" in status(manager, "a").reason
    assert status(manager, "a").blocked_by == ("b",)
    await manager.stop()


async def test_a_plugin_that_would_close_a_cycle_among_running_ones_is_refused() -> None:
    manager = await running(house(), named("base"), named("top", needs=("thing",)))
    await manager.load(named("first", provides=("thing",)))
    assert states(manager)["top"] is State.STARTED

    with pytest.raises(DependencyCycle):
        await manager.load(named("second", needs=("top",), provides=("thing",)))

    assert "second" not in states(manager)
    assert set(states(manager).values()) == {State.STARTED}
    await manager.stop()


async def test_any_of_several_providers_will_do() -> None:
    manager = await running(
        house(),
        named("one", provides=("queue",)),
        named("two", provides=("queue",)),
        named("user", needs=("queue",)),
    )

    await manager.stop("one")
    assert states(manager)["user"] is State.STARTED
    await manager.stop("two")
    assert states(manager)["user"] is State.BLOCKED
    assert status(manager, "user").blocked_by == ("one", "two")

    await manager.start("two")
    assert states(manager)["user"] is State.STARTED
    await manager.stop()


async def test_optional_dependencies_are_waited_for_and_not_needed() -> None:
    gate = Gate()
    manager = house()
    await manager.load(named("cache", start=gate()))
    await manager.load(named("web", optional_dependencies=("cache", "nowhere")))

    async with anyio.create_task_group() as group:
        group.start_soon(manager.start)
        await until(lambda: bool(gate.entered))
        assert states(manager)["web"] is State.DISCOVERED
        gate.opened.set()

    await manager.stop("cache")
    assert states(manager) == {"cache": State.STOPPED, "web": State.STARTED}
    await manager.stop()


async def test_who_is_not_ready_is_tried_again_with_growing_pauses_and_its_dependents_follow() -> (
    None
):
    flaky = Flaky(PluginNotReady("the database is starting"))
    manager = await running(
        house(), named("database", start=flaky()), named("users", needs=("database",))
    )

    one = status(manager, "database")
    assert (one.state, one.attempt) == (State.RETRYING, 1)
    assert one.reason == ("not ready: the database is starting. It is tried again by itself.")
    assert one.next_try is not None
    assert one.next_try > one.since
    assert states(manager)["users"] is State.BLOCKED
    assert one.faults == 0
    assert_nothing_left(manager)

    await until(lambda: flaky.tries == 3)
    assert status(manager, "database").attempt >= 2
    flaky.error = None
    await until(lambda: set(states(manager).values()) == {State.STARTED})
    assert status(manager, "database").attempt == 0
    await manager.stop()


async def test_a_plugin_may_say_when_to_try_again_and_stops_being_tried_when_told() -> None:
    flaky = Flaky(PluginNotReady("later", retry_after=3600))
    manager = await running(house(), named("late", start=flaky()))

    one = status(manager, "late")
    assert one.next_try is not None
    assert one.next_try - one.since > 3000
    await manager.stop("late")

    assert states(manager)["late"] is State.STOPPED
    assert status(manager, "late").next_try is None
    await manager.start("late")
    assert (flaky.tries, states(manager)["late"]) == (2, State.RETRYING)
    await manager.stop()
    assert states(manager)["late"] is State.STOPPED


async def test_strict_aborts_the_start_and_names_all() -> None:
    manager = house({"strict": True})
    for kind in (
        named("good"),
        named("bad", start=Flaky(ValueError("no host"))()),
        named("worse", needs=("nowhere",)),
    ):
        await manager.load(kind)

    with pytest.raises(StartAborted) as raised:
        await manager.start()

    assert raised.value.reasons.keys() == {"bad", "worse"}
    assert "ValueError: no host" in str(raised.value)
    assert states(manager)["good"] is State.STOPPED
    assert_nothing_left(manager)


async def test_reload_after_stop_is_start_in_the_same_and_in_another_task() -> None:
    manager = await running(house(), named("one"), named("two", needs=("one",)))

    async with anyio.create_task_group() as group:
        group.start_soon(manager.stop)
    assert not manager.supervisor.running
    await manager.start()

    assert set(states(manager).values()) == {State.STARTED}
    assert status(manager, "one").generation == 2
    assert await manager.stop() == ()
    assert await manager.stop() == ()
    assert_nothing_left(manager)


async def test_who_starts_while_another_does_waits_for_the_same_start() -> None:
    gate = Gate()
    manager = house()
    await manager.load(named("slow", start=gate()))

    async with anyio.create_task_group() as group:
        group.start_soon(manager.start)
        await until(lambda: bool(gate.entered))
        group.start_soon(_opened_later, gate)
        await manager.start()
        assert states(manager) == {"slow": State.STARTED}

    assert gate.entered == 1
    await manager.stop()


async def _opened_later(gate: Gate) -> None:
    await anyio.sleep(0.01)
    gate.opened.set()


async def test_starting_twice_changes_nothing() -> None:
    manager = await running(house(), named("one"))
    lines = told(manager)

    await manager.start()
    await manager.start("one")

    assert lines == []
    await manager.stop()


@pytest.mark.usefixtures("short_grace")
async def test_shutdown_does_not_wait_for_ever_and_names_who_is_stuck() -> None:
    with Deaf() as deaf:

        async def stop(_: IPlugin) -> None:
            await deaf()

        manager = await running(
            house(lifecycle={"stop_timeout": 60, "shutdown_timeout": 0.2}),
            named("stuck", stop=stop),
            named("fine"),
        )

        assert await manager.stop() == ("stuck",)

        assert states(manager) == {"fine": State.STOPPED, "stuck": State.QUARANTINED}
        assert status(manager, "stuck").reason == (
            "It had not stopped 0.2 s after the service was told to."
        )
    await until(lambda: not manager.failures.strays)


async def test_shutdown_breaks_off_a_start_that_is_under_way() -> None:
    gate = Gate()
    manager = await running(house(lifecycle={"start_timeout": 60}))

    async with anyio.create_task_group() as group:
        group.start_soon(manager.load, named("slow", start=gate()))
        await until(lambda: bool(gate.entered))
        with pytest.raises(PluginBusy, match="'slow' is starting"):
            await manager.unload("slow")
        await manager.stop()

    assert states(manager) == {"slow": State.STOPPED}
    assert manager.faults.count("slow") == 0


async def test_nothing_is_started_while_all_are_being_stopped() -> None:
    stops = Gate()
    manager = await running(
        house({"disabled": ["off"]}, lifecycle=PATIENT),
        named("slow", stop=stops()),
        named("one"),
        named("off"),
    )
    await manager.stop("one")

    async with anyio.create_task_group() as group:
        group.start_soon(manager.stop)
        await until(lambda: bool(stops.entered))
        for ask in (
            manager.start("one"),
            manager.enable("off"),
            manager.enable("one"),
            manager.load(named("new")),
        ):
            with pytest.raises(NotRunning):
                await ask
        stops.opened.set()

    assert states(manager) == {
        "slow": State.STOPPED,
        "one": State.STOPPED,
        "off": State.DISABLED,
    }
    assert_nothing_left(manager)


async def test_who_stops_while_another_does_waits_for_the_same_stop() -> None:
    stops = Gate()
    manager = await running(house(lifecycle=PATIENT), named("slow", stop=stops()))
    patience = manager.supervisor._moves.drain()

    async with anyio.create_task_group() as group:
        group.start_soon(manager.stop)
        await until(lambda: bool(stops.entered))
        group.start_soon(manager.stop)
        await anyio.wait_all_tasks_blocked()
        assert manager.supervisor._moves.drain() < patience
        stops.opened.set()

    assert stops.entered == 1
    assert states(manager) == {"slow": State.STOPPED}
    assert manager.supervisor._moves.drain() == patience


async def test_who_starts_while_all_are_being_stopped_starts_them_again() -> None:
    stops = Gate()
    manager = await running(house(lifecycle=PATIENT), named("slow", stop=stops()))

    async with anyio.create_task_group() as group:
        group.start_soon(manager.stop)
        await until(lambda: bool(stops.entered))
        group.start_soon(manager.start)
        await anyio.wait_all_tasks_blocked()
        assert states(manager) == {"slow": State.STOPPING}
        stops.opened.set()

    assert states(manager) == {"slow": State.STARTED}
    assert status(manager, "slow").generation == 2
    await manager.stop()


@pytest.mark.usefixtures("short_grace")
async def test_who_starts_what_a_stop_has_left_behind_waits_no_longer() -> None:
    with Deaf() as deaf:

        async def start(_: IPlugin) -> None:
            await deaf()

        manager = house(lifecycle={"start_timeout": 60, "shutdown_timeout": 0.02})
        await manager.load(named("stuck", start=start))

        with anyio.fail_after(3):
            async with anyio.create_task_group() as group:
                group.start_soon(manager.start)
                await until(lambda: states(manager)["stuck"] is State.STARTING)
                await manager.stop()

        assert states(manager) == {"stuck": State.QUARANTINED}
    await until(lambda: not manager.failures.strays)


async def test_a_caller_that_is_cancelled_leaves_the_move_to_finish() -> None:
    gate = Gate()
    manager = await running(house(lifecycle={"start_timeout": 60}))

    with anyio.move_on_after(0.02):
        await manager.load(named("slow", start=gate()))
    assert states(manager)["slow"] is State.STARTING
    gate.opened.set()
    await until(lambda: states(manager)["slow"] is State.STARTED)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await manager.stop()
    assert states(manager)["slow"] is State.STOPPED


async def test_a_disabled_plugin_waits_to_be_enabled() -> None:
    manager = await running(
        house({"disabled": ["one"]}), named("one"), named("two", needs=("one",))
    )
    assert states(manager) == {"one": State.DISABLED, "two": State.BLOCKED}
    with pytest.raises(PluginDisabled):
        await manager.start("one")

    await manager.enable("one")
    assert set(states(manager).values()) == {State.STARTED}

    await manager.disable("one")
    assert states(manager) == {"one": State.DISABLED, "two": State.BLOCKED}
    await manager.stop()
    assert (await manager.enable("one")).state is State.STOPPED


async def test_a_plugin_in_a_folder_is_read_when_it_is_enabled_and_dropped_when_unloaded(
    tmp_path: Any,
) -> None:
    from marty_chassis.discovery import discover
    from marty_chassis.settings import ChassisConfig

    (tmp_path / "late.py").write_text(
        "from marty_chassis.plugins import IPlugin, plugin\n"
        "@plugin(name='late', version='2.0')\n"
        "class Late(IPlugin): pass\n"
    )
    config = ChassisConfig(
        plugins={"directories": [str(tmp_path)], "disabled": ["late"], "entry_points": "none"}
    )
    manager = PluginManager(config=config)
    found = discover(config, faults=manager.faults)
    manager.adopt([*found.candidates, *found.disabled])
    await manager.start()
    assert states(manager) == {"late": State.DISABLED}

    assert (await manager.enable("late")).version == "2.0"

    assert states(manager) == {"late": State.STARTED}
    module = type(manager.supervisor.instance_of("late")).__module__
    assert module in sys.modules
    await manager.unload("late")
    assert module not in sys.modules
    await manager.stop()


async def test_a_broken_file_is_listed_and_told_and_stops_only_itself(tmp_path: Any) -> None:
    from marty_chassis.discovery import discover
    from marty_chassis.settings import ChassisConfig

    (tmp_path / "broken.py").write_text("def (:\n")
    config = ChassisConfig(plugins={"directories": [str(tmp_path)], "entry_points": "none"})
    manager = PluginManager(config=config)
    manager.adopt(discover(config, faults=manager.faults).candidates)
    await manager.load(named("good"))
    await manager.start()

    one = status(manager, "broken")
    assert (one.state, one.phase) == (State.ERROR, "import")
    assert "broken.py:1" in one.reason
    await manager.start("broken")
    assert states(manager) == {"broken": State.ERROR, "good": State.STARTED}
    await manager.stop()


async def test_unloading_forgets_and_loading_takes_in() -> None:
    manager = await running(house(), named("one"))

    assert (await manager.unload("one")).state is State.UNLOADED
    assert states(manager) == {}
    assert (await manager.load(named("one"))).state is State.STARTED
    with pytest.raises(PluginExists):
        await manager.load(named("one"))
    await manager.stop()


async def test_wrong_names_and_wrong_times_are_errors() -> None:
    manager = house()
    await manager.load(named("tracing"))

    with pytest.raises(NotRunning):
        await manager.start("tracing")
    with pytest.raises(UnknownPlugin, match="Did you mean 'tracing'"):
        await manager.stop("tracking")
    with pytest.raises(NotRunning):
        await manager.reload("tracing")
    assert (await manager.status("Tracing")).state is State.DISCOVERED


async def test_a_dependency_that_cannot_be_read_stops_only_its_plugin() -> None:
    from dataclasses import replace

    manager = house()
    odd, good = given([named("odd"), named("good")])
    ((candidate,), others) = odd.read(manager.faults), good.read(manager.faults)
    metadata = replace(candidate.metadata, dependencies=("a b",))
    manager.adopt([replace(candidate, metadata=metadata), *others])

    await manager.start()

    assert states(manager) == {"good": State.STARTED, "odd": State.ERROR}
    assert "'a b', which cannot be read" in status(manager, "odd").reason
    await manager.stop()


async def test_watchers_are_told_each_move_until_they_have_enough() -> None:
    manager = house()
    moves: list[Moved] = []
    enough = manager.subscribe(moves.append)
    await running(manager, named("one"))
    enough()
    enough()

    await manager.stop()

    assert [move.after for move in moves] == [
        State.LOADED,
        State.INITIALIZING,
        State.INITIALIZED,
        State.STARTING,
        State.STARTED,
    ]


async def test_a_secret_in_the_words_of_one_who_is_not_ready_is_not_shown() -> None:
    manager = PluginManager(
        config=house().config, faults=Faults(redact=lambda text: text.replace("hunter2", "***"))
    )
    flaky = Flaky(PluginNotReady("no answer from db://me:hunter2@host", retry_after=60))

    await running(manager, named("database", start=flaky()))

    assert "db://me:***@host" in status(manager, "database").reason
    await manager.stop()


async def test_a_watcher_that_fails_stops_no_move() -> None:
    manager = house()

    def fail(moved: Moved) -> None:
        raise ValueError("what a look")

    manager.subscribe(fail)
    await running(manager, named("one"))

    assert states(manager) == {"one": State.STARTED}
    await manager.stop()


async def test_stopping_what_undoes_itself_already_leaves_nothing_undone() -> None:
    undoing, go_on = anyio.Event(), anyio.Event()
    undone: list[str] = []

    async def close() -> None:
        undoing.set()
        await go_on.wait()
        undone.append("door")

    async def initialize(self: IPlugin, context: Any) -> None:
        context.ledger.enter("door", close)

    async def start(self: IPlugin) -> None:
        raise ValueError("no host")

    manager = house()
    async with anyio.create_task_group() as group:
        group.start_soon(running, manager, named("slow", initialize=initialize, start=start))
        await undoing.wait()
        group.start_soon(manager.stop)
        await anyio.wait_all_tasks_blocked()
        go_on.set()

    assert undone == ["door"]
    assert_nothing_left(manager)
