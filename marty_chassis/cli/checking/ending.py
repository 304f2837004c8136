"""How a process has ended that tried plugins: with an answer, or with traces of where it was."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .child import BEGUN
from .finding import Finding, shown
from .unit import Unit

FRAME: Final = re.compile(r'^  File "([^"]+)", line (\d+)', re.MULTILINE)
"""One line of a traceback, or of what faulthandler writes: the file, and the line in it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the process has written, and how it ended."""

    wire: str
    said: str
    code: int | None
    """None when it had to be killed."""

    @property
    def data(self) -> dict[str, Any] | None:
        """The answer, if it came to that."""
        last = self.wire.rstrip("\n").rpartition("\n")[2]
        try:
            found = json.loads(last)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    @property
    def hangs(self) -> bool:
        """Whether it was still at it when its time was over."""
        return self.code is None or "Timeout (" in self.wire

    @property
    def frames(self) -> list[tuple[str, int]]:
        """Where its main thread was then, or the one that crashed; the innermost first."""
        # faulthandler writes the main thread last, and marks one that it was asked about.
        _, current, rest = self.wire.rpartition("Current thread 0x")
        stack = rest.partition("\nThread 0x")[0] if current else self.wire
        stack = stack.rpartition("\nThread 0x")[2]
        return [(path, int(line)) for path, line in FRAME.findall(stack)]

    def culprit(self, units: Sequence[Unit]) -> Unit | None:
        """The unit whose code ran, as far as that can be known."""
        for path, _ in self.frames:
            for unit in units:
                if Path(path) in unit.files:
                    return unit
        begun = re.findall(rf"^{BEGUN}(\d+)$", self.wire, re.MULTILINE)
        return units[int(begun[-1])] if begun else None


def ended(answer: Answer, culprit: Unit | None, seconds: float) -> Finding:
    """Tell of a process that has not answered."""
    own = [(p, line) for p, line in answer.frames if culprit and Path(p) in culprit.files]
    path, line = own[0] if own else (culprit.place if culprit else "", None)
    if answer.hangs:
        rule = "hangs"
        message = f"importing or making it has not come to an end after {seconds:g} s"
        hint = "Do what takes time in start(), or in a task; --timeout gives it longer."
    else:
        rule = "ends-process"
        message = f"importing or making it ended the process, {_how(answer.code)}"
        hint = "A plugin must not end the service: remove the exit."
    if not own:
        last = [f"{p}:{line}" for p, line in answer.frames] or answer.said.strip().splitlines()[-1:]
        hint = " ".join([hint, *(f"The last that was heard of it: {one}" for one in last[:1])])
    return Finding(rule, "error", shown(path) if path else "", message, hint, line)


def _how(code: int | None) -> str:
    try:
        return f"by {signal.Signals(-(code or 0)).name}"
    except ValueError:
        return f"with the exit code {code}"
