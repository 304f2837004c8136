"""What a handler's fault does to the call: the point's error policy, applied in one place."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marty_chassis.boundary import Breaker, Fault, Faults, Phase, Strays, is_fault
from marty_chassis.errors import HookFailed
from marty_hookspecs import ErrorPolicy, PointSpec

from .handler import Handler

Failed = Callable[[Handler, BaseException], bool]
"""Takes a fault; true when the exception is not one and must go on untouched."""


class Failures:
    """Reports faults of handlers and says what follows; keeps one breaker for each handler."""

    def __init__(
        self,
        faults: Faults,
        strays: Strays | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.faults = faults
        self._clock = clock
        self.strays = strays if strays is not None else Strays()
        """Calls that were given up and have not ended."""
        self.tallies: dict[tuple[str, str], Tally] = {}
        """By plugin and dotted hook: what asking with a clock has cost; in requests only where
        somebody has arranged it."""
        self._breakers: dict[tuple[str, str], Breaker] = {}

    def of(self, spec: PointSpec[Any, Any]) -> Failed:
        """The function for one point's loop; it raises `HookFailed` where the policy says so."""
        raises = spec.on_error is ErrorPolicy.RAISE

        def failed(handler: Handler, error: BaseException) -> bool:
            if not is_fault(error):
                return True
            fault = self.report(handler, error, spec)
            if raises and handler.closed:
                raised = hook_failed(fault)
                # This frame will be in the new error's traceback.
                del error
                try:
                    raise raised
                finally:
                    # `from None` would only hide the plugin's exception, which may hold secrets
                    # and keeps its frames alive.
                    raised.__context__ = None
                    del raised
            return False

        return failed

    def report(self, handler: Handler, error: BaseException, spec: PointSpec[Any, Any]) -> Fault:
        """Enter the fault in the book, and give it."""
        return self.faults.report(error, plugin=handler.plugin, phase=Phase.HOOK, hook=spec.name)

    def breaker(self, handler: Handler) -> Breaker:
        """The breaker of one plugin's handlers of one hook; only new code gets a new one."""
        key = (handler.plugin, handler.hook)
        if key not in self._breakers:
            self._breakers[key] = Breaker(clock=self._clock)
        return self._breakers[key]

    def count(self, handler: Handler, hook: str, seconds: float) -> None:
        """Note how long one answer, or one fault, took."""
        tally = self.tallies.setdefault((handler.plugin, hook), Tally())
        tally.calls += 1
        tally.seconds += seconds

    def mended(self, plugin: str) -> None:
        """Let a plugin that has got new code be asked at once, whatever the old one did."""
        self._breakers = {key: kept for key, kept in self._breakers.items() if key[0] != plugin}

    def forget(self, plugin: str) -> None:
        """Drop the breakers and tallies of a plugin that has left."""
        self.mended(plugin)
        self.tallies = {key: kept for key, kept in self.tallies.items() if key[0] != plugin}


@dataclass(slots=True)
class Tally:
    """How often a plugin was asked, and how long it took in all."""

    calls: int = 0
    seconds: float = 0.0


def hook_failed(fault: Fault) -> HookFailed:
    """The error that a caller gets for a fault."""
    return HookFailed(fault.plugin, fault.hook or "", fault.kind, fault.message)
