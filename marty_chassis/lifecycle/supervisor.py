"""Plugins are started, stopped, loaded and unloaded; whoever asks only asks.

The supervisor holds no task group and no scope: it may be started in one task and stopped in
another, started again after a stop, and started again in another event loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
from loguru import logger

from marty_chassis.boundary import Detached, Phase, Signal, running_loop, spawn
from marty_chassis.errors import (
    DependencyCycle,
    InvalidConfiguration,
    NotRunning,
    PluginBusy,
    PluginDisabled,
    PluginExists,
    PluginRequired,
    StartAborted,
    UnknownPlugin,
)
from marty_chassis.hooks import HookManager
from marty_chassis.settings.names import folded

from . import needed
from .body import Body, Maker
from .intake import Intake
from .layers import with_layers
from .leaks import Leak, leaks
from .moves import Moves
from .reloaded import Reloaded
from .reloads import Reloads, refused
from .report import remains_of, status_of
from .reread import reread
from .state import State
from .status import Missing, Moved, PluginStatus, Remains
from .unit import Unit

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate, Place
    from marty_chassis.settings import ChassisConfig

_FAILED = frozenset({State.ERROR, State.BLOCKED, State.RETRYING, State.QUARANTINED})


class Supervisor:
    """All plugins of one service."""

    def __init__(self, manager: HookManager, maker: Maker, config: ChassisConfig) -> None:
        self.config = config
        """Replaced by what it becomes with the plugins' answers to `config.load`."""
        self.missing: tuple[Missing, ...] = ()
        """The required plugins that are not started; looked at for each request."""
        self._manager = manager
        self._moves = Moves(manager, maker, lambda: self.config, self._told)
        self._intake = Intake(self._moves, maker, manager.faults, lambda: self.config)
        self._watchers: list[Callable[[Moved], None]] = []
        self._remembered: set[str] = set()
        self._loop: object | None = None
        self._ending: Detached[tuple[str, ...]] | None = None
        """The last stop of all, until it has ended."""
        self._reloads = Reloads(self._moves, self._intake, manager, lambda: self.config)
        self._begun: Signal[None] = Signal()
        self._count_missing()

    # All together -----------------------------------------------------------------------------

    def adopt(self, candidates: Iterable[Candidate]) -> None:
        """Take plugins in without starting them; raises `PluginExists`.

        Of two of one name that say so themselves, and cannot be used, the first is kept.
        """
        for one in candidates:
            known = self._units.get(one.name)
            if known is None:
                self._units[one.name] = self._intake.unit(one)
            elif one.usable or known.candidate.usable:
                raise PluginExists(one.name, str(known.candidate.source))
        self._moves.reorder()
        self._count_missing()

    async def start(self, name: str | None = None) -> None:
        """Start all plugins, or one; returns when each has started or failed.

        A stop of all that is under way ends first, and one that comes meanwhile ends this start.
        A plugin's failure is no error here, it is in `status`. Raises `StartAborted` under
        `plugins.strict`, and when a required plugin fails in `config.load`, and
        `InvalidConfiguration` for what `config.load` brought; nothing runs then.
        For one plugin: `UnknownPlugin`, `PluginBusy`, `NotRunning`.
        """
        if name is not None:
            return await self._start_one(name)
        while (ending := self._stopping) is not None:
            await ending.wait()
        if self.running and not self.stranded:
            await self._begun.wait()
            return None
        if self.stranded:
            await self._bury()
        self._loop = running_loop()
        begun: Signal[None] = Signal()
        self._begun = begun
        try:
            await self._start_all()
        except (StartAborted, InvalidConfiguration):
            begun.set(None)
            await self.stop()
            raise
        finally:
            begun.set(None)
        return None

    async def stop(self, name: str | None = None, *, force: bool = False) -> tuple[str, ...]:
        """Stop all plugins, dependents first, or one with those that stand on it.

        All: takes `lifecycle.shutdown_timeout` at most, and gives the names of those that had not
        left by then; who asks while another does waits for the same stop. One: raises
        `UnknownPlugin`, `PluginBusy`, and without `force` `PluginRequired`.
        """
        if name is not None:
            unit = self._idle(name)
            self._refuse_required(unit, force)
            await self._let_go(unit)
            return ()
        if not self.running:
            return ()
        ending = self._stopping
        if ending is None:
            ending = self._ending = spawn(self._stop_all, name="stop of all plugins")
        # Whoever asks for this may be cancelled already; the plugins leave all the same.
        with anyio.CancelScope(shield=True):
            await ending.wait()
        return ending.result()

    @property
    def running(self) -> bool:
        """Whether plugins are to run, here or in an event loop that has ended since."""
        return self._loop is not None

    @property
    def stranded(self) -> bool:
        """Whether they were started in another event loop than this: start them again."""
        return self._loop is not None and self._loop is not running_loop()

    # One by one -------------------------------------------------------------------------------

    async def load(self, candidate: Candidate) -> PluginStatus:
        """Take a plugin in and start it, if plugins run here.

        Raises `PluginExists`, `DependencyCycle` where it would close one, and `NotRunning` while
        all are being stopped.
        """
        if self._stopping is not None:
            raise NotRunning(f"load of plugin {candidate.name!r}")
        self.adopt([candidate])
        unit = self._units[candidate.name]
        cycle: DependencyCycle | None = self._moves.order.cycles.get(unit.name)
        if cycle is not None and self.running:
            del self._units[unit.name]
            self._moves.reorder()
            raise cycle
        if self.running:
            unit.wanted = unit.asked = self._may_start(unit)
            self._moves.settle()
            await self._moves.quiet(self._family(unit))
        return self.status_of(unit.name)

    async def unload(self, name: str, *, force: bool = False) -> PluginStatus:
        """Stop a plugin and forget it; raises like `stop`."""
        unit = self._idle(name)
        self._refuse_required(unit, force)
        unit.wanted = unit.asked = False
        self._moves.settle()
        # In a task of its own: who asks may leave, and the plugin is forgotten all the same.
        name, family = f"unloading of plugin {unit.name}", self._family(unit)
        task = spawn(self._forget, unit, family, name=name)
        await task.wait()
        return task.result()

    async def _forget(self, unit: Unit, family: Collection[str]) -> PluginStatus:
        await self._moves.quiet(family)
        if self._units.get(unit.name) is not unit:  # Somebody else has asked for this, too.
            raise UnknownPlugin(unit.name, sorted(self._units))
        if unit.busy is not None or unit.wanted:
            raise PluginBusy(unit.name, "being started again by somebody else")
        self._moves.move(unit, State.UNLOADED)
        status = self._status(unit)
        if status.required:
            self._remembered.add(unit.name)
        del self._units[unit.name]
        unit.candidate.leave()
        self._manager.failures.forget(unit.name)
        self._manager.faults.forget(unit.name)
        self._reloads.survivors.forget(unit.name)
        self._moves.reorder()
        self._moves.settle()
        self._count_missing()
        return status

    async def enable(self, name: str) -> PluginStatus:
        """Let a disabled plugin start again; raises like `start`."""
        unit = self._idle(name)
        if self._stopping is not None:
            raise NotRunning(f"start of plugin {unit.name!r}")
        if unit.disabled:
            unit.disabled = unit.switched = False
        if self.running:
            await self._start_one(name)
            return self.status_of(name)
        self._intake.read_again(unit)
        if unit.state is State.DISABLED:
            self._moves.move(unit, State.STOPPED)
        return self.status_of(name)

    async def disable(self, name: str, *, force: bool = False) -> PluginStatus:
        """Stop a plugin and keep it from starting; raises like `stop`."""
        unit = self._idle(name)
        self._refuse_required(unit, force)
        unit.disabled = unit.switched = True
        await self._let_go(unit)
        return self.status_of(name)

    async def reload(self, name: str, *, drained: bool = False) -> Reloaded:
        """Replace a plugin, with its started dependents, by what its source and its section are now.

        Old and new run side by side until the new one serves; what fails before that changes
        nothing and is said in the answer. With `drained` it waits until the old one has been
        dropped, which takes `plugins.reload.drain_timeout` and its `stop` at most. A plugin that
        does not serve is started, with fresh code. Who asks may be cancelled: it goes on.
        Raises `UnknownPlugin`, `PluginBusy`, `PluginDisabled` and `NotRunning`.
        """
        unit, before = self._reloadable(name), self.config
        try:
            fresh = await reread(before)
        except InvalidConfiguration as error:
            return refused(unit, " ".join(str(error).split()))
        # Others may have moved it while the file was read, and the configuration, too.
        unit = self._reloadable(name)
        if self.config is before:
            self.configure(fresh)
        answer = await self._reloads.reload(unit, drained=drained)
        if answer.rolled_back and self.config is fresh:
            self.configure(before)
        return answer

    async def dropped(self, name: str) -> int:
        """Wait until the generations that reloads have replaced have been dropped.

        Gives how many requests and calls still use them, which were not waited for any longer.
        """
        unit, departures = self._known(name), self._reloads.departures
        leaving = departures.of(unit)
        for departure in leaving:
            await departure.over.wait()
        return sum(departures.uses(departure, unit) for departure in leaving)

    def take_over(self, name: str, *, generation: int, required: bool) -> None:
        """Know of a plugin what another process knows, before the plugins start here.

        generation: the number of its next run, if it has had no higher one.
        required: whether the service cannot do without it there, as it has served there. It cannot
            here then, also where its file has gone or is broken meanwhile.
        """
        unit = self._units.get(folded(name))
        if unit is not None:
            unit.generation = max(unit.generation, generation - 1)
            unit.served = unit.served or required
        elif required:
            self._remembered.add(folded(name))
        self._count_missing()

    def relocate(self, name: str, place: Place) -> None:
        """Read the plugin from another place from now on; what runs of it stays.

        Raises `UnknownPlugin` and `PluginBusy`.
        """
        unit = self._idle(name)
        unit.candidate = replace(unit.candidate, place=place)

    def configure(self, config: ChassisConfig) -> None:
        """Take another configuration; each plugin that runs keeps what it has until its reload."""
        self.config = config
        self._count_missing()

    # Looking ----------------------------------------------------------------------------------

    def status(self) -> tuple[PluginStatus, ...]:
        """Everything about every plugin, in the order of starting."""
        return tuple(self._status(self._units[name]) for name in self._moves.order.sequence)

    def status_of(self, name: str) -> PluginStatus:
        """Everything about one plugin; raises `UnknownPlugin`."""
        return self._status(self._known(name))

    def on_disk(self, name: str) -> str | None:
        """The digest of a plugin's source as it is now; `None` where that cannot be known."""
        from marty_chassis.discovery import digest_on_disk

        return digest_on_disk(self._known(name).candidate)

    def candidates(self) -> dict[str, Candidate]:
        """Every plugin by name, as it was when it was read last."""
        return {name: unit.candidate for name, unit in self._units.items()}

    def remains_of(self, name: str) -> Remains:
        """What there is of a plugin besides what serves; reads its files. Raises `UnknownPlugin`."""
        return remains_of(self._known(name), self._reloads.departures, self._manager)

    def leaks_of(self, name: str, *, briefly: bool = False) -> tuple[Leak, ...]:
        """Name who holds what should be gone. Collects all garbage: everything stands still for it.

        `briefly` names one thing of each generation and one holder. Raises `UnknownPlugin`.
        """
        return leaks(self._known(name).name, self._reloads.survivors, briefly=briefly)

    def instance_of(self, name: str) -> object | None:
        """The plugin itself while it is started, else `None`; raises `UnknownPlugin`.

        Inside a request the one of the generation that it began with.
        """
        unit = self._known(name)
        if unit.olds:
            # A request that began with an old generation sees that one until its end.
            pinned = self._manager.selector.pinned().contributions.get(unit.name)
            for old in unit.olds:
                if pinned is not None and pinned.run is old.life.body.registrations:
                    return old.life.body.instance
        return unit.life.body.instance if unit.life and unit.state is State.STARTED else None

    def body_of(self, name: str) -> Body | None:
        """The run of a plugin that serves; `None` while none does. Raises `UnknownPlugin`."""
        unit = self._known(name)
        return unit.life.body if unit.life and unit.state is State.STARTED else None

    def missing_required(self) -> list[Missing]:
        """The required plugins that are not started."""
        return list(self.missing)

    def subscribe(self, watcher: Callable[[Moved], None]) -> Callable[[], None]:
        """Call this with each move, at once, from now on; gives the function that ends it."""
        self._watchers.append(watcher)

        def unsubscribe() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return unsubscribe

    def pending(self) -> dict[str, tuple[str, ...]]:
        """What is open now, or could not be undone, by plugin."""
        return {name: left for name, unit in self._units.items() if (left := unit.pending)}

    # ------------------------------------------------------------------------------------------

    @property
    def _units(self) -> dict[str, Unit]:
        return self._moves.units

    async def _start_all(self) -> None:
        self._moves.context = copy_context()
        self._want_all()
        await self._load_configuration()
        self._moves.settle()
        await self._moves.quiet()
        if self._stopping is not None or not self.running:
            return
        if self.config.plugins.strict:
            self._abort_if(self._failed())
        if self.missing:
            logger.warning(
                "each request of the application is answered with 503 until these have started: {}."
                " What the service can do without has plugins.settings.<name>.required: false.",
                ", ".join(one.name for one in self.missing),
            )
        for unit in self._units.values():
            if unit.broken:
                await self._moves.tell_failed(unit, Phase.IMPORT, unit.reason)

    async def _stop_all(self) -> tuple[str, ...]:
        budget = self.config.lifecycle.shutdown_timeout
        self._moves.ends = time.monotonic() + budget
        try:
            for unit in self._units.values():
                unit.wanted = False
            self._reloads.departures.hurry(self._moves.drain())
            with anyio.move_on_after(budget):
                self._moves.settle()
                # A start under way may still hold plugins that it asks for configuration.
                await self._begun.wait()
                await self._moves.quiet()
                await self._reloads.departures.all_gone()
            return self._give_up(budget)
        finally:
            self._moves.ends = self._loop = self._ending = None

    def _may_start(self, unit: Unit) -> bool:
        return not (unit.disabled or unit.broken or unit.haunted)

    def _want_all(self) -> None:
        for unit in self._units.values():
            self._intake.read_settings(unit)
            unit.wanted = self._may_start(unit)
            unit.asked, unit.attempt = unit.wanted, 0
        self._count_missing()

    async def _start_one(self, name: str) -> None:
        unit = self._idle(name)
        if not self.running or self._stopping is not None:
            raise NotRunning(f"start of plugin {unit.name!r}")
        if unit.haunted:
            raise PluginBusy(unit.name, "still running code of a run that would not leave")
        if unit.disabled:
            raise PluginDisabled(unit.name)
        self._intake.read_again(unit)
        unit.wanted = self._may_start(unit)
        unit.asked = unit.wanted and unit.state is not State.STARTED
        self._moves.settle()
        await self._moves.quiet(self._family(unit))

    async def _let_go(self, unit: Unit) -> None:
        unit.wanted = unit.asked = False
        self._moves.settle()
        await self._moves.quiet(self._family(unit))

    async def _load_configuration(self) -> None:
        wanted = [unit for unit in self._units.values() if unit.wanted]
        config, failed = await with_layers(self._moves, wanted, self.config)
        if self._stopping is not None:
            return
        self._abort_if(failed)
        if config is not self.config:
            self.config = config
            self._want_all()

    def _failed(self) -> dict[str, str]:
        return {
            name: f"{unit.state.value}. {unit.reason}"
            for name, unit in self._units.items()
            if unit.state in _FAILED
        } | {one.name: one.reason for one in self.missing}

    def _abort_if(self, failed: dict[str, str]) -> None:
        if failed:
            raise StartAborted(failed)

    async def _bury(self) -> None:
        """Undo what can be undone of plugins that lived in an event loop that has ended."""
        self._ending, self._moves.ends = None, None
        for unit in self._units.values():
            unit.wanted = unit.asked = False
            unit.busy = unit.timer = unit.change = None
            if unit.life is not None:
                self._moves.begin(unit, self._moves.bury, unit.life)
        self._reloads.departures.forget()
        await self._moves.quiet()

    def _give_up(self, budget: float) -> tuple[str, ...]:
        """Leave behind, and name, whoever has not left in time."""
        late = [unit for unit in self._units.values() if unit.busy or unit.life]
        for unit in late:
            if unit.busy is not None:
                self._manager.failures.strays.keep(unit.busy)
            unit.busy, unit.change = None, None
            unit.life, life = None, unit.life
            unit.left = life.left if life is not None else ()
            reason = f"It had not stopped {budget:g} s after the service was told to."
            if unit.state is State.STARTED:
                self._moves.move(unit, State.STOPPING)
            self._moves.move(unit, State.QUARANTINED, phase=Phase.STOP, reason=reason)
            logger.bind(plugin=unit.name).error(f"left behind: {reason}")
        departures = self._reloads.departures
        for task in departures.tasks.values():
            self._manager.failures.strays.keep(task)
        for old in departures.olds:
            logger.bind(plugin=old.unit.name).error(f"left behind: generation {old.number}")
        names = [unit.name for unit in late] + [old.unit.name for old in departures.olds]
        departures.forget()
        self._moves.look_again()
        return tuple(dict.fromkeys(names))

    def _reloadable(self, name: str) -> Unit:
        unit = self._idle(name)
        if not self.running or self.stranded or self._stopping is not None:
            raise NotRunning(f"reload of plugin {unit.name!r}")
        if unit.disabled:
            raise PluginDisabled(unit.name)
        return unit

    @property
    def _stopping(self) -> Detached[tuple[str, ...]] | None:
        """The stop of all that is under way here; nobody would stop what is started meanwhile."""
        ending = self._ending
        return None if ending is None or ending.done or self.stranded else ending

    def _idle(self, name: str) -> Unit:
        unit = self._known(name)
        if unit.busy is not None:
            raise PluginBusy(unit.name, unit.doing)
        return unit

    def _known(self, name: str) -> Unit:
        unit = self._units.get(folded(name))
        if unit is None:
            raise UnknownPlugin(name, sorted(self._units))
        return unit

    def _family(self, unit: Unit) -> Collection[str]:
        """The plugin, all that it stands on, and all that stand on it."""
        order = self._moves.order
        return order.below(unit.name) | order.above(unit.name)

    def _refuse_required(self, unit: Unit, force: bool) -> None:
        taken = needed.taken_with(unit, self._units, self._moves.order, self.config)
        if taken and not force:
            raise PluginRequired(unit.name, taken)

    def _told(self, moved: Moved) -> None:
        # Counting is not free, and each plugin makes half a dozen moves.
        if State.STARTED in (moved.before, moved.after) or any(
            moved.name == one.name for one in self.missing
        ):
            self._count_missing()
        for watcher in tuple(self._watchers):
            try:
                watcher(moved)
            except Exception:  # noqa: BLE001 - the mistake of one who looks stops no move
                logger.exception("a watcher of moves failed")

    def _count_missing(self) -> None:
        self.missing = tuple(needed.missing(self._units, self.config, self._remembered))

    def _status(self, unit: Unit) -> PluginStatus:
        return status_of(unit, self.config, self._manager.faults)

    def __repr__(self) -> str:
        states = ", ".join(f"{name} {unit.state.value}" for name, unit in self._units.items())
        return f"<Supervisor {states or 'no plugins'}>"
