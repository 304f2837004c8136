"""One run of one plugin, from its constructor to its last undo.

Three calls: `load`, `rise`, `leave`. Each is made by a task of the supervisor; everything of the
plugin happens in the plugin's own task (`home.py`), so that a plugin that hangs holds up nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from marty_chassis.boundary import Detached, Fault, Faults, Phase, Strays
from marty_chassis.errors import PluginNotReady
from marty_hookspecs import config_load

from .body import Body, Died
from .home import Call, Home, Ran
from .state import State

if TYPE_CHECKING:
    from marty_chassis.settings import LifecycleSettings


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    state: State
    phase: Phase | None = None
    fault: Fault | None = None
    not_ready: PluginNotReady | None = None


class Life:
    """One run. `reached` is told of each state on the way; endings are given, not told."""

    def __init__(
        self,
        body: Body,
        limits: LifecycleSettings,
        faults: Faults,
        strays: Strays,
        reached: Callable[[Life, State], Awaitable[None]],
        died: Died,
        context: Context | None = None,
    ) -> None:
        self.body = body
        self.limits = limits
        self.death: Fault | None = None
        self.drained = True
        """Whether nobody used it any more when it stopped."""
        self._home = Home(body.registrations.plugin, faults, strays, died, context)
        self._reached = reached
        self._interrupted = False
        self._undoing = False
        self._loaded = False
        self._initialized = False

    async def load(self) -> Ending | None:
        """Make the plugin; gives an ending when that failed."""
        if self._loaded:
            return None
        body, limit = self.body, self.limits.initialize_timeout
        ending = await self._try(Phase.CONSTRUCT, body.construct, limit)
        if ending is None:
            self._loaded = True
            await self._reached(self, State.LOADED)
        return ending

    async def ask_configuration(self, config_name: str) -> Fault | None:
        """Ask `config.load` of a plugin that is only loaded; the answers are in `body.layers`."""
        seconds = config_load.extension_point.deadline or self.limits.initialize_timeout
        name = config_load.extension_point.name
        call = partial(self.body.load_configuration, config_name)
        return (await self._home.run(call, Phase.HOOK, seconds, hook=name)).fault

    async def rise(self) -> Ending | None:
        """Go the whole way to STARTED; gives an ending, all undone, when that failed."""
        for step in (self.prepare, self.begin, self.publish):
            if (ending := await step()) is not None:
                return ending
        return None

    async def prepare(self) -> Ending | None:
        """Go as far as INITIALIZED; gives an ending, all undone, when that failed."""
        body, limits = self.body, self.limits
        if (ending := await self.load()) is not None:
            return ending
        await self._reached(self, State.INITIALIZING)
        for phase, call in (
            (Phase.CONFIGURE, body.configure),
            (Phase.INITIALIZE, body.initialize),
        ):
            if (ending := await self._try(phase, call, limits.initialize_timeout)) is not None:
                return ending
        self._initialized = True
        await self._reached(self, State.INITIALIZED)
        return None

    async def take(self, state: object) -> Ending | None:
        """Give it what the run before it has left; an ending, all undone, when that failed."""
        call = partial(self.body.import_state, state)
        return await self._try(Phase.RESTORE, call, self.limits.start_timeout)

    async def begin(self) -> Ending | None:
        """Start it, not visible yet; gives an ending, all undone, when that failed."""
        await self._reached(self, State.STARTING)
        return await self._try(Phase.START, self.body.start, self.limits.start_timeout)

    async def publish(self) -> Ending | None:
        """Make it visible; gives an ending, all undone, when that failed."""
        ending = await self._try(Phase.START, self._publish, self.limits.start_timeout)
        if ending is None:
            await self._reached(self, State.STARTED)
        return ending

    async def leave(self, drain: float) -> Ending:
        """Withdraw, wait so many seconds for calls under way, stop, and undo everything."""
        await self.drain(drain)
        return await self.finish()

    async def drain(self, seconds: float) -> bool:
        """Withdraw, and wait so many seconds for calls under way; whether all have ended."""
        if (withdrawn := self.body.registrations.withdraw()) is not None:
            self.drained = False
            self.drained = await self.body.drain(withdrawn, seconds)
        return self.drained

    async def finish(self) -> Ending:
        """Stop, and undo everything."""
        return await self._undone(self._gone())

    async def bury(self) -> Ending:
        """Undo what can be undone when the event loop in which it lived has ended."""
        self._home.desert()
        self._initialized = False
        self.body.registrations.withdraw()
        return await self._undone(Ending(State.STOPPED))

    def interrupt(self) -> None:
        """Break off: what has been done so far is undone, and the plugin is STOPPED."""
        self._interrupted = True
        # What already undoes itself is on its way out: broken off it would leave something behind.
        if not self._undoing:
            self._home.interrupt()

    def died(self, fault: Fault) -> None:
        """Note that something of the plugin has died; the first one counts."""
        if self.death is None:
            self.death = fault

    @property
    def lasts(self) -> bool:
        """Whether nothing of it has died, and nobody has told it to break off."""
        return self.death is None and not self._interrupted

    @property
    def left(self) -> tuple[str, ...]:
        """What is not undone."""
        return self.body.ledger.pending()

    @property
    def stuck(self) -> Detached[None] | None:
        """The plugin's task, if it would not leave."""
        return self._home.stuck

    async def _publish(self) -> None:
        if self.death is None and not self._interrupted:
            self.body.registrations.publish()

    async def _try(self, phase: Phase, call: Call, seconds: float) -> Ending | None:
        ran = Ran(broken_off=True)
        if not self._interrupted:
            ran = await self._home.run(call, phase, seconds)
        if ran.well and self.death is None and not self._interrupted:
            return None
        if ran.not_ready is not None:
            ending = Ending(State.RETRYING, phase, not_ready=ran.not_ready)
        elif ran.fault is not None:
            ending = Ending(State.ERROR, phase, ran.fault)
        else:
            ending = self._gone()
        self.body.registrations.withdraw()
        return await self._undone(ending)

    async def _undone(self, ending: Ending) -> Ending:
        """Stop the plugin if it was initialized, undo its ledger, and judge how it all ended."""
        body, home, seconds = self.body, self._home, self.limits.stop_timeout
        self._undoing = True
        faults: list[Ending] = []
        # `stop` is for what `initialize` opened, too. It never runs beside code that hangs.
        if self._initialized and home.stuck is None:
            self._initialized = False
            ran = await home.run(body.stop, Phase.STOP, seconds)
            if ran.fault is not None:
                faults.append(Ending(State.ERROR, Phase.STOP, ran.fault))
        body.ledger.close()
        while (entry := body.ledger.last()) is not None:
            ran = await home.run(entry.undo, Phase.UNDO, seconds, hook=entry.id)
            if ran.fault is not None:
                faults.append(Ending(State.ERROR, Phase.UNDO, ran.fault))
            if ran.late:
                entry.give_up()
            else:
                entry.strike()
        body.registrations.clear()
        body.let_go()
        await home.close()
        if ending.state is State.STOPPED and faults:
            ending = faults[0]
        if home.stuck is not None or self.left:
            why = ending if ending.fault is not None or not faults else faults[0]
            ending = replace(why, state=State.QUARANTINED)
        return ending

    def _gone(self) -> Ending:
        if self.death is not None:
            return Ending(State.ERROR, Phase.RUN, self.death)
        return Ending(State.STOPPED)

    def __repr__(self) -> str:
        return f"<Life of {self.body.registrations.plugin}>"
