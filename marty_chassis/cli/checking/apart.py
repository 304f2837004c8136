"""Trying plugins in a process of their own: one that hangs, or ends it, is told and not suffered."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from marty_chassis.cli.session import Session
from marty_chassis.errors import MartyError

from .child import BEGUN
from .finding import Finding, shown
from .unit import Unit

_GRACE: Final = 30.0
"""Seconds for the process itself: to begin, and to end."""
_PROGRAM: Final = "import sys; sys.path[:] = sys.argv[1:]; from marty_chassis.cli.checking.child import main; main()"
_FRAME: Final = re.compile(r'^  File "([^"]+)", line (\d+) in', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    plugins: tuple[Mapping[str, Any], ...] = ()
    """A row for each plugin, as in a listing."""
    findings: tuple[Finding, ...] = ()
    said: str = field(default="", repr=False)
    """What the plugins printed."""


class CannotTry(MartyError):
    """The plugins were not tried, for a reason that is none of theirs."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        return self.said


def try_configuration(session: Session, seconds: float) -> Tried:
    """Try every plugin of the configuration. Raises CannotTry."""
    answer = _asked(session, None, seconds)
    if answer.data is None:
        return Tried((), (_ended(answer, None, seconds),), answer.said)
    return _tried(answer)


def try_units(session: Session, units: Sequence[Unit], seconds: float) -> Tried:
    """Try the plugins of these units; one that ends the process is left out of the next try.

    Raises CannotTry.
    """
    waiting = [unit for unit in units if unit.place]
    ended: list[Finding] = []
    said = ""
    while waiting:
        answer = _asked(session, waiting, seconds)
        said += answer.said
        if answer.data is not None:
            tried = _tried(answer)
            return Tried(tried.plugins, (*ended, *tried.findings), said)
        culprit = answer.culprit(waiting)
        ended.append(_ended(answer, culprit, seconds))
        if culprit is None:
            break
        waiting.remove(culprit)
    return Tried((), tuple(ended), said)


@dataclass(frozen=True, slots=True)
class _Answer:
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
        """Where it was then, the innermost first."""
        return [(path, int(line)) for path, line in _FRAME.findall(self.wire)]

    def culprit(self, units: Sequence[Unit]) -> Unit | None:
        """The unit whose code ran, as far as that can be known."""
        for path, _ in self.frames:
            for unit in units:
                if Path(path) in unit.files:
                    return unit
        begun = re.findall(rf"^{BEGUN}(\d+)$", self.wire, re.MULTILINE)
        return units[int(begun[-1])] if begun else None


def _asked(session: Session, units: Sequence[Unit] | None, seconds: float) -> _Answer:
    wanted = {
        "config": str(session.path.absolute()) if session.path else None,
        "units": None if units is None else [unit.as_data() for unit in units],
        "seconds": seconds,
    }
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", _PROGRAM, *(str(Path(one).absolute()) for one in sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    with child:
        limit = _GRACE + seconds * max(1, len(units or ()))
        try:
            wire, said = child.communicate(json.dumps(wanted), limit)
        except subprocess.TimeoutExpired:
            child.kill()
            wire, said = child.communicate()
            return _Answer(wire, said, None)
        except BaseException:
            child.kill()
            raise
    return _Answer(wire, said, child.returncode)


def _tried(answer: _Answer) -> Tried:
    data = answer.data or {}
    if "failed" in data:
        raise CannotTry(data["failed"])
    findings = tuple(Finding(**one) for one in data["findings"])
    return Tried(tuple(data["plugins"]), findings, answer.said)


def _ended(answer: _Answer, culprit: Unit | None, seconds: float) -> Finding:
    own = set(culprit.files) if culprit else set()
    frames = [(path, line) for path, line in answer.frames if not own or Path(path) in own]
    path, line = next(iter(frames), (culprit.place if culprit else "", None))
    if answer.hangs:
        rule = "hangs"
        message = f"it was still at this line after {seconds:g} s: importing or making it hangs"
        hint = "Do what takes time in start(), or in a task; --timeout gives it longer."
    else:
        rule = "ends-process"
        message = f"importing or making it ended the process, with the exit code {answer.code}"
        hint = "A plugin must not end the service: remove the exit."
        if not answer.frames:
            last = answer.said.strip().splitlines()[-1:]
            hint = " ".join(["It has said no more.", *last])
    return Finding(rule, "error", shown(path) if path else "", message, hint, line)
