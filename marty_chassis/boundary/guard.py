"""Someone else's code runs in here: what it raises becomes a fault of that plugin."""

from __future__ import annotations

from types import TracebackType

from marty_chassis.boundary.backend import is_fault
from marty_chassis.boundary.faults import Faults, Phase
from marty_chassis.errors import PluginFault


class guarded:
    """`with guarded(faults, plugin=..., phase=...):` around plugin code, awaits included.

    Whatever is raised is reported, and `PluginFault` with the record is raised in its place; it
    has neither cause nor context, as these would keep the plugin's frames alive. `GeneratorExit`, a
    cancellation that the host asked for, and a `PluginFault` (already reported) pass untouched.
    """

    __slots__ = ("_faults", "_hook", "_phase", "_plugin")

    def __init__(
        self, faults: Faults, *, plugin: str, phase: Phase, hook: str | None = None
    ) -> None:
        self._faults = faults
        self._plugin = plugin
        self._phase = phase
        self._hook = hook

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, PluginFault) or not is_fault(error):
            return
        fault = self._faults.report(error, plugin=self._plugin, phase=self._phase, hook=self._hook)
        raised = PluginFault(fault)
        # This frame will be in the new error's traceback.
        del error, traceback
        try:
            raise raised
        finally:
            # Python has entered the plugin's error here, and `from None` would only hide it.
            raised.__context__ = None
            del raised

    def __repr__(self) -> str:
        where = self._phase.value if self._hook is None else f"{self._phase.value} {self._hook}"
        return f"<guarded {self._plugin!r} {where}>"
