"""Reloads, good and broken files, loads, failures and requests in any order: one whole serves."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio.from_thread
import httpx2
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from loguru import logger

from marty_chassis.discovery import find_one
from marty_chassis.errors import LifecycleError
from marty_chassis.lifecycle import State

from .works import Works, stamps

NEEDS: dict[str, tuple[str, ...]] = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ()}
NAMES = st.sampled_from(sorted(NEEDS))
TROUBLE = {
    "syntax": "(",
    "import": "raise ValueError('import')",
    "construct": "def __init__(self): raise ValueError('construct')",
    "initialize": "async def initialize(self, context): raise ValueError('initialize')",
    "start": "async def start(self): raise ValueError('start')",
    "not ready": "async def start(self): raise PluginNotReady('later', 60)",
    "import_state": "def import_state(self, state): raise ValueError('import_state')",
    "hook": "@hookimpl\nasync def helth_check(self): ...",
}
WELL = {
    "plain": "",
    "stop fails": "async def stop(self): raise ValueError('stop')",
    "takes": "def import_state(self, state): self.was = state",
    "exclusive": "",
}
KEPT = """
async def process_request(self, request, call_next):
    seen = {name: self.context.plugins.get(name).word for name in NEEDS}
    response = await call_next(request)
    response.headers.append("x-stamp", f"{NAME}={WORD}")
    for name, word in seen.items():
        response.headers.append("x-seen", f"{name}={word}")
    return response
def export_state(self):
    return WORD
word = WORD
"""


class Reloading(RuleBasedStateMachine):
    """Four files, of which some stand on others, and a service that serves while they change."""

    backend = "asyncio"

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        witness = ModuleType("witness")
        vars(witness).update(log=[], kept=[], events={})
        sys.modules["witness"] = witness
        self.works = Works(Path(self.temporary.name), witness)
        self.numbers = iter(range(1, 10_000))
        self.on_disk: dict[str, tuple[str, bool]] = {}
        self.serves: dict[str, str] = {}
        self.door = anyio.from_thread.start_blocking_portal(self.backend)
        self.portal = self.door.__enter__()

    @initialize()
    def begin(self) -> None:
        for name in NEEDS:
            self.write_well(name, "plain")
        self.portal.call(self._started)
        self.serves = {name: word for name, (word, _) in self.on_disk.items()}

    @rule(name=NAMES, kind=st.sampled_from(sorted(WELL)))
    def write_well(self, name: str, kind: str) -> None:
        self._write(name, WELL[kind], well=True, exclusive=kind == "exclusive")

    @rule(name=NAMES, kind=st.sampled_from(sorted(TROUBLE)))
    def write_trouble(self, name: str, kind: str) -> None:
        self._write(name, TROUBLE[kind], well=False)

    @rule(name=NAMES)
    def reload(self, name: str) -> None:
        before = self.serves.get(name)
        answer = self._asked(lambda: self.works.reload(name))
        if answer is None:
            return
        word, well = self.on_disk[name]
        if answer.rolled_back:
            assert answer.reason
            assert self._serving().get(name) == before
        elif answer.generation:
            assert well or before is None
            assert self._serving()[name] == word
        self._look()

    @rule(names=st.lists(NAMES, min_size=2, max_size=4))
    def reload_at_once(self, names: list[str]) -> None:
        async def all_of_them() -> None:
            async with anyio.create_task_group() as group:
                for name in names:
                    group.start_soon(self._quietly, lambda name=name: self.works.reload(name))
                for _ in range(3):
                    group.start_soon(self._request)

        self.portal.call(all_of_them)
        self._look()

    @rule(name=NAMES)
    def stop(self, name: str) -> None:
        self._asked(lambda: self.works.chassis.plugin_manager.stop(name, force=True))
        self._look()

    @rule(name=NAMES)
    def start(self, name: str) -> None:
        self._asked(lambda: self.works.chassis.plugin_manager.start(name))
        self._look()

    @rule(name=NAMES)
    def unload(self, name: str) -> None:
        self._asked(lambda: self.works.chassis.plugin_manager.unload(name, force=True))
        self._look()

    @rule(name=NAMES)
    def load(self, name: str) -> None:
        works = self.works

        async def load() -> None:
            found = find_one(works.chassis.config, name, faults=works.chassis.faults, environ={})
            if found is not None:
                try:
                    await works.chassis.plugin_manager.load(found)
                except LifecycleError:
                    found.leave()
                    raise

        self._asked(load)
        self._look()

    @rule()
    def restart(self) -> None:
        self.portal.call(self.works.chassis.plugin_manager.stop)
        assert self.works.chassis.pending() == {}
        self.portal.call(self.works.chassis.plugin_manager.start)
        self._look()

    @invariant()
    def one_whole_serves(self) -> None:
        if not hasattr(self.works, "chassis"):
            return
        self.portal.call(self._at_rest)
        states, manager = self.works.states, self.works.chassis.plugin_manager
        for name, state in states.items():
            unit = self.works.unit(name)
            assert unit.busy is None
            assert unit.change is None
            assert (name in manager.current.contributions) is (state is State.STARTED)
            if state is State.STARTED:
                self.works.assert_whole(**{name: self.serves[name]})
                assert all(states[other] is State.STARTED for other in NEEDS[name])
            # One set of modules, whether it serves or not, and none of those taken back.
            assert len(self.works.modules(name)) <= 1
        answer = self.portal.call(self.works.get)
        missing = manager.missing_required()
        assert answer.status_code == (503 if missing else 200)
        if not missing:
            assert stamps(answer) == self.serves
            self._assert_one_generation(answer)
        assert not manager.selector.holds
        assert not manager.failures.strays
        left = [name for name in manager.supervisor.pending() if name not in self.serves]
        assert left == []

    def teardown(self) -> None:
        try:
            if hasattr(self.works, "chassis"):
                self.portal.call(self.works.stop)
                assert self.works.chassis.pending() == {}
                assert not len(self.works.chassis.plugin_manager.supervisor._moves.owners)
        finally:
            self.door.__exit__(None, None, None)
            self.temporary.cleanup()
            sys.modules.pop("witness", None)

    def _write(self, name: str, body: str, *, well: bool, exclusive: bool = False) -> None:
        word = f"w{next(self.numbers)}"
        says = f"dependencies={list(NEEDS[name])!r}, failure_policy='open'"
        says += ", reload='exclusive'" if exclusive else ""
        path = self.works.write(name, word, body + KEPT, says=says)
        head = f"NEEDS = {NEEDS[name]!r}\nNAME, WORD"
        path.write_text(path.read_text().replace("NAME, WORD", head, 1))
        self.on_disk[name] = (word, well)

    def _serving(self) -> dict[str, str]:
        return {
            name: self.works.plugin(name).word
            for name, state in self.works.states.items()
            if state is State.STARTED
        }

    def _look(self) -> None:
        self.portal.call(self._at_rest)
        self.serves = self._serving()

    async def _started(self) -> None:
        await self.works.start()

    async def _at_rest(self) -> None:
        supervisor = self.works.chassis.plugin_manager.supervisor
        with anyio.fail_after(5):
            await supervisor._moves.quiet()
            await supervisor._reloads.departures.all_gone()
            await supervisor._moves.quiet()

    async def _request(self) -> None:
        answer = await self.works.get()
        assert answer.status_code in (200, 503)
        self._assert_one_generation(answer)

    def _assert_one_generation(self, answer: httpx2.Response) -> None:
        found = stamps(answer)
        for pair in answer.headers.get_list("x-seen"):
            name, _, word = pair.partition("=")
            assert found[name] == word

    def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        return self.portal.call(self._quietly, ask)

    async def _quietly(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await ask()
        except LifecycleError:
            return None


class ReloadingOnTrio(Reloading):
    """The same on trio."""

    backend = "trio"


@pytest.mark.parametrize(("machine", "examples"), [(Reloading, 12), (ReloadingOnTrio, 6)])
def test_after_every_step_one_consistent_whole_serves(
    machine: type[RuleBasedStateMachine], examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger.disable("marty_chassis")
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(max_examples=examples, stateful_step_count=12, deadline=None),
        )
    finally:
        logger.enable("marty_chassis")
