"""A plugin that fails, to show that another one lives on beside it."""

from __future__ import annotations

from typing import Literal, NoReturn, get_args

from marty_chassis.errors import did_you_mean
from marty_chassis.plugins import IPlugin, PluginContext, plugin
from marty_hookspecs.contract import points

FailingPhase = Literal["initialize", "start", "run", "hook", "stop"]


@plugin(name="failing-neighbour", failure_policy="open", description="Fails where it is told to.")
class FailingNeighbour(IPlugin):
    """Fails in one phase, and in every hook that it is asked in when that is "hook".

    phase: "run" is a background task that dies. hook: which hook fails, dotted or as a function is
    called; without one, `service.discover`. error: what is raised, "told to fail" if not given.
    Raises ValueError for another phase, and for a hook that is nearly one of ours.
    """

    def __init__(
        self,
        phase: FailingPhase = "start",
        *,
        hook: str = "",
        error: BaseException | None = None,
    ) -> None:
        if phase not in get_args(FailingPhase):
            raise ValueError(f"there is no phase {phase!r}: {', '.join(get_args(FailingPhase))}")
        named = [point.extension_point.name for point in points()]
        # Another point may be somebody's own; one that is nearly ours is a slip.
        if hook.replace(".", "_") not in [name.replace(".", "_") for name in named] and (
            meant := did_you_mean(hook, named)
        ):
            raise ValueError(f"there is no hook {hook!r}.{meant}")
        self.phase = "hook" if hook else phase
        self.hook = hook or "service.discover"
        self.error = error

    async def initialize(self, context: PluginContext) -> None:
        """Fail here, or prepare for it."""
        if self.phase == "initialize":
            self._fail()
        if self.phase == "hook":
            context.extension_points.register_handler(self.hook, self._fail)

    async def start(self) -> None:
        """Fail here, or soon."""
        if self.phase == "start":
            self._fail()
        if self.phase == "run":
            self.context.tasks.start(self._die)

    async def stop(self) -> None:
        """Fail here."""
        if self.phase == "stop":
            self._fail()

    async def _die(self) -> None:
        self._fail()

    def _fail(self) -> NoReturn:
        raise RuntimeError("told to fail") if self.error is None else self.error

    def __repr__(self) -> str:
        return f"<FailingNeighbour in {self.hook if self.phase == 'hook' else self.phase}>"
