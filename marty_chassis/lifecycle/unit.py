"""One plugin as the supervisor keeps it, over all of its runs; its state changes here only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from marty_chassis.boundary import Detached, Phase
from marty_chassis.errors import WrongMove
from marty_hookspecs import PluginMetadata

from .state import FOLLOWS, State
from .status import Moved

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate

    from .generations import Old
    from .life import Life


class Change(Protocol):
    """A transaction that several plugins take part in."""

    @property
    def doing(self) -> str:
        """What is under way, for whoever has to wait."""
        ...

    def interrupt(self) -> None:
        """Take it back, as soon as possible."""


class Unit:
    """One plugin: what it is, what is wanted of it, and where it stands."""

    def __init__(self, candidate: Candidate, hooks: frozenset[str] | None) -> None:
        self.candidate = candidate
        self.name = candidate.name
        self.metadata: PluginMetadata = candidate.metadata
        self.hooks = hooks
        """The hooks it implements; `None` while that cannot be known."""
        self.state = State.DISCOVERED
        self.since = time.time()
        self.phase: Phase | None = None
        self.reason = ""
        self.blocked_by: tuple[str, ...] = ()
        self.wanted = False
        """Whether it is to be started, as soon as what it needs is."""
        self.asked = False
        """Whether a new try is due although the last one failed."""
        self.disabled = False
        self.switched: bool | None = None
        """Whether it was disabled or enabled at run time, which holds over the configuration."""
        self.broken = False
        """Whether it cannot be made or read, so that there is no sense in trying."""
        self.busy: Detached[Any] | None = None
        """The task of the move that is under way."""
        self.rising = False
        """Whether that move is towards STARTED."""
        self.change: Change | None = None
        """The reload under way, of this plugin or of one that it stands on."""
        self.olds: list[Old] = []
        """Its old generations that have not been dropped yet, the oldest first."""
        self.began = 0.0
        """When it began to initialize, on the clock that only counts."""
        self.life: Life | None = None
        self.timer: Detached[None] | None = None
        self.attempt = 0
        self.next_try: float | None = None
        self.generation = 0
        self.served = False
        """Whether it has ever been started."""
        self.left: tuple[str, ...] = ()
        """What could not be undone."""
        self.stuck: Detached[None] | None = None
        """The task of a run that would not leave."""

    @property
    def life_lasts(self) -> bool:
        """Whether nothing of the current run, if there is one, has died."""
        return self.life is None or self.life.death is None

    @property
    def pending(self) -> tuple[str, ...]:
        """What is open now, or could not be undone, old generations included."""
        now = self.life.left if self.life is not None else self.left
        return (*now, *(one for old in self.olds for one in old.life.left))

    @property
    def haunted(self) -> bool:
        """Whether code of an earlier run still runs."""
        return self.stuck is not None and not self.stuck.done

    def move(
        self,
        after: State,
        tell: Callable[[Moved], None],
        *,
        phase: Phase | None = None,
        reason: str = "",
        blocked_by: tuple[str, ...] = (),
    ) -> None:
        """Change the state and say so; raises `WrongMove` for what the table does not allow."""
        if after is self.state:
            self.phase, self.reason, self.blocked_by = phase, reason, blocked_by
            return
        if after not in FOLLOWS[self.state]:
            raise WrongMove(self.name, self.state.value, after.value)
        before, self.state = self.state, after
        self.since, self.phase, self.reason = time.time(), phase, reason
        self.blocked_by = blocked_by
        tell(Moved(self.name, before, after, self.since, phase and phase.value, reason))

    def renew(
        self,
        life: Life,
        candidate: Candidate,
        hooks: frozenset[str],
        tell: Callable[[Moved], None],
    ) -> None:
        """Put another run into the place of the one that serves, which stays STARTED, and say so."""
        self.life, self.candidate, self.hooks = life, candidate, hooks
        self.metadata = life.body.metadata
        self.generation += 1
        self.since, self.phase, self.blocked_by = time.time(), None, ()
        self.reason = f"generation {self.generation} serves"
        tell(Moved(self.name, self.state, self.state, self.since, None, self.reason))
        self.reason = ""

    @property
    def doing(self) -> str:
        """What is under way, for whoever has to wait."""
        return self.change.doing if self.change is not None else self.state.value

    def quiet_timer(self) -> None:
        """Forget about a new try."""
        if self.timer is not None:
            self.timer.cancel()
        self.timer, self.next_try = None, None

    def __repr__(self) -> str:
        return f"<Unit {self.name} {self.state.value}>"
