"""An exclusive reload: the old one stops before the new one starts, and comes back if that fails.

For what there can be one of only: a port, a file, the single consumer of a queue. Requests that
would meet the plugin wait at the door meanwhile (`Hold`); those under way have
`plugins.reload.exclusive_timeout` to end. Its `export_state` is asked when nobody uses it any more.
Events that are published between its leaving and its return do not reach it: what it had accepted
before is handled, and there is nobody to accept more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from marty_chassis.boundary import Fault, Phase, bounded, guarded
from marty_chassis.errors import PluginFault
from marty_chassis.hooks import Hold, HookManager
from marty_hookspecs import plugin_reloaded

from . import needed, reasons
from .life import Life
from .moves import Moves
from .state import State
from .survivors import Survivors
from .unit import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marty_chassis.discovery.candidate import Candidate
    from marty_chassis.settings import ChassisConfig

    from .fresh import Fresh

AT_THE_DOOR = needed.REQUEST_HOOKS | {"web_routes"}
"""Hooks of plugins that a request may miss."""


def is_exclusive(unit: Unit, candidate: Candidate, config: ChassisConfig) -> bool:
    """Whether two runs of a plugin cannot be beside each other.

    The operator's word holds, then the plugin's. One object cannot be two: a plugin that was given
    as an instance is its own successor.
    """
    if candidate.target is unit.candidate.target and candidate.shape in ("instance", "module"):
        return True
    said = config.plugins.settings_of(unit.name).reload or candidate.metadata.reload
    return said == "exclusive"


class Exchange:
    """One exclusive reload, after the new code has been read and found fit."""

    def __init__(
        self,
        unit: Unit,
        family: Sequence[Unit],
        fresh: Fresh,
        moves: Moves,
        manager: HookManager,
        survivors: Survivors,
        config: Callable[[], ChassisConfig],
    ) -> None:
        self.interrupted = False
        """Set when the plugin, or what it needs, is to leave."""
        self._unit = unit
        self._family = family
        self._fresh = fresh
        self._moves = moves
        self._manager = manager
        self._survivors = survivors
        self._config = config
        self._states: dict[str, object] = {}

    async def run(self) -> str:
        """Do it; the reason when the new one does not serve."""
        unit, old = self._unit, self._unit.candidate
        if reason := self._misconfigured():
            return reason
        with self._door_held():
            began = time.monotonic()
            drained, fault = await self._withdraw()
            if fault is not None:
                self._publish([one.life for one in self._family if one.life is not None])
                return reasons.of_fault(fault)
            seconds = time.monotonic() - began
            await self._stop(old)
            if reason := self._haunted():
                return reason
            unit.candidate = self._fresh.candidate
            reason = await self._start()
            if reason:
                unit.candidate, unit.metadata = old, old.metadata
                self._moves.reorder()
                if again := await self._start():
                    reason = f"{reason} Then the old one did not start again: {again}"
        self._states.clear()
        if not reason:
            if old.room is not unit.candidate.room:
                old.leave()
            for one in self._family:
                await self._manager.hooks.ask(
                    plugin_reloaded, one.name, one.metadata, one.generation, drained, seconds
                )
        return reason

    def interrupt(self) -> None:
        """Start nothing more."""
        self.interrupted = True
        for unit in self._family:
            if unit.life is not None and unit.state is not State.STARTED:
                unit.life.interrupt()

    @contextmanager
    def _door_held(self) -> Iterator[None]:
        """Keep requests waiting, where they would meet one of the plugins."""
        config = self._config()
        met = [u for u in self._family if u.hooks is None or u.hooks & AT_THE_DOOR]
        if not met:
            yield
            return
        hold = Hold(
            self._unit.name,
            config.plugins.reload.exclusive_timeout,
            refuses=any(needed.policy(one, config) == "closed" for one in met),
        )
        selector = self._manager.selector
        selector.holds = (*selector.holds, hold)
        try:
            yield
        finally:
            selector.holds = tuple(one for one in selector.holds if one is not hold)
            hold.lift()

    def _misconfigured(self) -> str:
        """Why the configuration does not fit the new one: looked at while the old one serves."""
        metadata, config = self._fresh.candidate.metadata, self._config()
        if metadata.config_schema is None:
            return ""
        try:
            with guarded(self._manager.faults, plugin=self._unit.name, phase=Phase.CONFIGURE):
                config.plugin_model(self._unit.name, metadata.config_schema)
        except PluginFault as error:
            return reasons.of_fault(error.fault)
        return ""

    async def _withdraw(self) -> tuple[bool, Fault | None]:
        """Take all of them out of the generation at once, wait, and ask what they want to keep."""
        lives = {unit: unit.life for unit in self._family if unit.life is not None}
        current = self._manager.current.contributions
        self._manager.publish(withdraw=[current[u.name] for u in lives if u.name in current])
        reload = self._config().plugins.reload
        ends = time.monotonic() + min(reload.drain_timeout, reload.exclusive_timeout)
        drained = True
        for life in reversed(lives.values()):
            drained = await life.drain(max(0.0, ends - time.monotonic())) and drained
        for unit, life in lives.items():
            state, fault = await exported(unit.name, life, self._manager)
            if fault is not None:
                return drained, fault
            self._states[unit.name] = state
        return drained, None

    async def _stop(self, old: Candidate) -> None:
        code = old.room is not self._fresh.candidate.room
        for unit in reversed(self._family):
            if (life := unit.life) is not None:
                is_it = unit is self._unit
                candidate = self._fresh.candidate if is_it else unit.candidate
                if candidate.target is not life.body.instance:
                    self._survivors.watch(
                        unit.name,
                        unit.generation,
                        life.body.instance,
                        unit.candidate,
                        is_it and code,
                    )
                await self._moves.leave(unit, life, 0)

    def _haunted(self) -> str:
        for unit in self._family:
            if unit.haunted:
                unit.asked = False  # Not beside itself.
                return f"The old one of {unit.name!r} would not leave. {unit.reason}"
        return ""

    async def _start(self) -> str:
        """Start all of them, dependencies first, and publish them at once; the reason when not."""
        risen: list[tuple[Unit, Life]] = []
        reason = ""
        for unit in self._family:
            if self.interrupted:
                reason = "It was broken off: the plugin, or what it needs, was told to leave."
                break
            life = self._moves.born(unit)
            risen.append((unit, life))
            if reason := await self._risen(unit, life):
                break
        if not reason:
            reason = self._publish([life for _, life in risen])
        for unit, life in risen if not reason else ():
            if (ending := await life.publish()) is not None:
                await self._moves.end(unit, life, ending)
                reason = unit.reason
            elif (brought := self._manager.current.contributions.get(unit.name)) is not None:
                # Not what the old one had, too.
                unit.hooks = frozenset(handler.hook for handler in brought.handlers)
        if reason:
            for unit, life in reversed(risen):
                if unit.life is life:
                    await self._moves.leave(unit, life, 0)
        return reason

    async def _risen(self, unit: Unit, life: Life) -> str:
        state = self._states.get(unit.name)
        ending = await life.prepare()
        if ending is None and state is not None:
            try:
                with guarded(self._manager.faults, plugin=unit.name, phase=Phase.RESTORE):
                    keeps = life.body.keeps_state
            except PluginFault:
                keeps = True  # `take` meets the same, and undoes the rest.
            if keeps:
                ending = await life.take(state)
        if ending is None:
            ending = await life.begin()
        if ending is None:
            return ""
        await self._moves.end(unit, life, ending)
        return unit.reason or "It was broken off."

    def _publish(self, lives: Sequence[Life]) -> str:
        try:
            with guarded(self._manager.faults, plugin=self._unit.name, phase=Phase.START):
                self._manager.publish(*(life.body.registrations.contribution() for life in lives))
        except PluginFault as error:
            return reasons.of_fault(error.fault)
        return ""


async def exported(plugin: str, serving: Life, manager: HookManager) -> tuple[object, Fault | None]:
    """Ask a run what the next one is to have; a fault where that went wrong or took too long."""
    name = f"plugin {plugin!r}: export_state"
    try:
        # Not in the task it lives in, which is cancelled when something takes too long.
        with guarded(manager.faults, plugin=plugin, phase=Phase.SAVE):
            return (
                await bounded(
                    serving.body.export_state,
                    serving.limits.stop_timeout,
                    name,
                    strays=manager.failures.strays,
                ),
                None,
            )
    except PluginFault as error:
        return None, error.fault
