"""Whatever is asked in whatever order: states are right, and at rest every ledger is empty."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from loguru import logger

from marty_chassis.errors import LifecycleError
from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin, PluginContext, PluginNotReady

from .house import house, named, states

NEEDS = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ()}
NAMES = st.sampled_from(sorted(NEEDS))
TROUBLE = st.sampled_from([None, None, "construct", "initialize", "start", "stop", "not ready"])
RUNNING = {State.STARTED, State.BLOCKED, State.ERROR, State.RETRYING}


class Life(RuleBasedStateMachine):
    """Plugins a to e, of which some fail, and a service that does with them as it likes."""

    backend = "asyncio"

    def __init__(self) -> None:
        super().__init__()
        self.trouble: dict[str, str | None] = dict.fromkeys(NEEDS)
        self.wanted: set[str] = set()
        self.disabled: set[str] = set()
        self.deaths: dict[str, Callable[[], None]] = {}
        self.manager = house(lifecycle={"retry_initial": 60, "retry_max": 60})
        self.door = anyio.from_thread.start_blocking_portal(self.backend)
        self.portal = self.door.__enter__()

    @initialize(names=st.sets(NAMES))
    def begin(self, names: set[str]) -> None:
        for name in sorted(names):
            self.load(name)
        self.portal.call(self.manager.start)

    @rule(name=NAMES)
    def load(self, name: str) -> None:
        if self._asked(lambda: self.manager.load(self._kind(name))):
            self.wanted.add(name)

    @rule(name=NAMES)
    def unload(self, name: str) -> None:
        if self._asked(lambda: self.manager.unload(name)):
            self.wanted.discard(name)
            self.disabled.discard(name)

    @rule(name=NAMES)
    def start(self, name: str) -> None:
        if self._asked(lambda: self.manager.start(name)):
            self.wanted.add(name)

    @rule(name=NAMES)
    def stop(self, name: str) -> None:
        if self._asked(lambda: self.manager.stop(name)):
            self.wanted.discard(name)

    @rule(name=NAMES)
    def enable(self, name: str) -> None:
        if self._asked(lambda: self.manager.enable(name)):
            self.disabled.discard(name)
            self.wanted.add(name)

    @rule(name=NAMES)
    def disable(self, name: str) -> None:
        if self._asked(lambda: self.manager.disable(name)):
            self.disabled.add(name)
            self.wanted.discard(name)

    @rule(name=NAMES, kind=TROUBLE)
    def change(self, name: str, kind: str | None) -> None:
        self.trouble[name] = kind

    @rule(name=NAMES)
    def kill(self, name: str) -> None:
        if states(self.manager).get(name) is State.STARTED:
            self.portal.call(self._die, name)
            assert states(self.manager)[name] is State.ERROR

    @rule()
    def restart(self) -> None:
        self.portal.call(self.manager.stop)
        self._assert_rest()
        self.portal.call(self.manager.start)
        self.wanted = set(states(self.manager)) - self.disabled

    @invariant()
    def states_are_right(self) -> None:
        there = states(self.manager)
        open_ = self.manager.supervisor.pending()
        for name, state in there.items():
            needed = [there.get(other) for other in NEEDS[name]]
            if state is State.STARTED:
                assert set(needed) <= {State.STARTED}
                assert name in self.manager.current.contributions
                assert f"task sleep_until_killed of {name} #1" in open_[name]
            else:
                assert name not in self.manager.current.contributions
                assert name not in open_
            if state is State.BLOCKED:
                assert set(needed) != {State.STARTED}
            if name in self.disabled:
                assert state is State.DISABLED
            elif name in self.wanted:
                assert state in RUNNING
            else:
                assert state in {State.STOPPED, State.ERROR}

    def teardown(self) -> None:
        try:
            assert self.portal.call(self.manager.stop) == ()
            self._assert_rest()
        finally:
            self.door.__exit__(None, None, None)

    def _assert_rest(self) -> None:
        assert self.manager.supervisor.pending() == {}
        assert not self.manager.current.contributions
        assert not self.manager.failures.strays
        assert not len(self.manager.supervisor._moves.owners)
        assert all(state.at_rest for state in states(self.manager).values())

    def _asked(self, ask: Callable[[], Awaitable[object]]) -> bool:
        async def asked() -> bool:
            try:
                await ask()
            except LifecycleError:
                return False
            return True

        return self.portal.call(asked)

    async def _die(self, name: str) -> None:
        self.deaths[name]()
        with anyio.fail_after(3):
            while states(self.manager)[name] is not State.ERROR:
                await anyio.sleep(0.001)
            await self.manager.supervisor._moves.quiet()

    def _kind(self, name: str) -> type:
        trouble = self.trouble

        def meet(phase: str) -> None:
            if trouble[name] == phase:
                raise ValueError(phase)
            if trouble[name] == "not ready" and phase == "start":
                raise PluginNotReady

        def make(plugin: Any) -> None:
            meet("construct")

        async def initialize(plugin: IPlugin, context: PluginContext) -> None:
            killed = anyio.Event()
            self.deaths[name] = killed.set

            async def live() -> None:
                await killed.wait()
                raise ValueError("killed")

            context.tasks.start(live, name=f"sleep_until_killed of {name}")
            context.event_bus.subscribe("a.*", lambda event_data: None)
            _ = context.resources
            meet("initialize")

        async def start(plugin: IPlugin) -> None:
            await anyio.lowlevel.checkpoint()
            meet("start")

        async def stop(plugin: IPlugin) -> None:
            meet("stop")

        return named(
            name, needs=NEEDS[name], __init__=make, initialize=initialize, start=start, stop=stop
        )


class LifeOnTrio(Life):
    """The same on trio."""

    backend = "trio"


@pytest.mark.parametrize(("machine", "examples"), [(Life, 25), (LifeOnTrio, 10)])
def test_nothing_that_is_asked_leaves_anything_behind(
    machine: type[RuleBasedStateMachine], examples: int
) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    logger.disable("marty_chassis")
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(max_examples=examples, stateful_step_count=15, deadline=None),
        )
    finally:
        logger.enable("marty_chassis")
