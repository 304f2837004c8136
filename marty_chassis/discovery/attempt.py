"""Running a plugin's import: whatever it raises becomes a fault, and one line that says what to do."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from marty_chassis.boundary import Fault, Faults, Phase, host_cancelled
from marty_chassis.errors import PluginFault

_NOT_THE_PLUGIN: Final = (
    str(Path(__file__).parent),
    str(Path(importlib.__file__).parent),
    "<frozen importlib",
)
_SAID_TWICE: Final = re.compile(r" \([^()]*, line \d+\)$")
_MISSING: Final = re.compile(r"No module named '([\w.]+)'")


class Attempt:
    """`with Attempt(faults, name) as attempt:`; afterwards `attempt.failure` tells how it went.

    `name` is asked for the plugin's name when something has gone wrong. Everything is a fault: a
    `SystemExit`, a `KeyboardInterrupt` (which asks for shutdown too), a `GeneratorExit`. Only a
    cancellation that the host asked for passes.
    """

    __slots__ = ("_faults", "_name", "failure")

    def __init__(self, faults: Faults, name: Callable[[], str]) -> None:
        self._faults = faults
        self._name = name
        self.failure: Failure | None = None

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is None or host_cancelled(error):
            return False
        own = _from_the_plugin(traceback)
        error.__traceback__ = own
        if isinstance(error, PluginFault):
            fault = error.fault
        else:
            fault = self._faults.report(error, plugin=self._name(), phase=Phase.IMPORT)
        self.failure = Failure(fault, _where(error, own))
        return True

    def __repr__(self) -> str:
        return f"<Attempt to import: {self.failure.fault if self.failure else 'no fault'}>"


@dataclass(frozen=True, slots=True)
class Failure:
    """How an import failed."""

    fault: Fault
    where: str
    """The line of source that raised, as far as it is the plugin's or was being compiled."""

    def problem(self, place: str, folder: Path | None = None) -> str:
        """Say in one line what happened and what to do; `folder` is where siblings would be."""
        said = self.fault.message.replace("\r", "\\r").replace("\n", "\\n")
        if self.where:
            said = _SAID_TWICE.sub("", said)
        what = f"{self.fault.kind}: {said}" if said else self.fault.kind
        return f"{self.where or place}: {what}. {advice(self.fault, folder)}"


def advice(fault: Fault, folder: Path | None) -> str:
    """Say what to do; `folder` is where siblings of the plugin would be."""
    missing = _MISSING.match(fault.message)
    if missing is not None:
        name = missing[1].partition(".")[0]
        if folder is not None and any(
            path.exists() for path in (folder / f"{name}.py", folder / name)
        ):
            return f"It lies beside the plugin: write `from . import {name}`."
        return f"Install what brings {name!r} where the service runs."
    if fault.kind == "SystemExit":
        return "A plugin must not end the service: remove the exit."
    if fault.kind == "KeyboardInterrupt":
        return "It was interrupted while it was imported."
    return "Mend it and reload the plugin; the others are not affected."


def _from_the_plugin(traceback: TracebackType | None) -> TracebackType | None:
    """Leave out how we and Python got there."""
    while traceback and traceback.tb_frame.f_code.co_filename.startswith(_NOT_THE_PLUGIN):
        traceback = traceback.tb_next
    return traceback


def _where(error: BaseException, traceback: TracebackType | None) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}" if error.lineno else error.filename
    if traceback is None:
        return ""
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"
