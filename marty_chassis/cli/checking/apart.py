"""Trying plugins in a process of their own: one that hangs, or ends it, is told and not suffered."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

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


def try_configuration(session: Session, units: Sequence[Unit], seconds: float) -> Tried:
    """Try every plugin of the configuration; these are their sources. Raises CannotTry."""
    answer = _asked(session, None, seconds)
    if answer.data is None:
        return Tried((), (_ended(answer, answer.culprit(units), seconds),), answer.said)
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
        """Where its main thread was then, or the one that crashed; the innermost first."""
        # faulthandler writes the main thread last, and marks one that it was asked about.
        _, current, rest = self.wire.rpartition("Current thread 0x")
        stack = rest.partition("\nThread 0x")[0] if current else self.wire
        stack = stack.rpartition("\nThread 0x")[2]
        return [(path, int(line)) for path, line in _FRAME.findall(stack)]

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
        "config": None if session.path is None else str(session.path),
        "units": None if units is None else [unit.as_data() for unit in units],
        "seconds": seconds,
    }
    program = [sys.executable, "-P", "-c", _PROGRAM, *map(os.path.abspath, sys.path)]
    limit = _GRACE + seconds * max(1, len(units or ()))
    # Files, no pipes: a process that a plugin has started may keep these open for ever.
    with TemporaryFile() as asked, TemporaryFile() as wire, TemporaryFile() as said:
        asked.write(json.dumps(wanted).encode())
        asked.seek(0)
        try:
            code: int | None = subprocess.run(
                program, stdin=asked, stdout=wire, stderr=said, timeout=limit, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
        return _Answer(_text_of(wire), _text_of(said), code)


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


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
        message = f"importing or making it ended the process, {_how(answer.code)}"
        hint = "A plugin must not end the service: remove the exit."
        if not answer.frames:
            last = answer.said.strip().splitlines()[-1:]
            hint = " ".join(["It has said no more.", *last])
    return Finding(rule, "error", shown(path) if path else "", message, hint, line)


def _how(code: int | None) -> str:
    try:
        return f"by {signal.Signals(-(code or 0)).name}"
    except ValueError:
        return f"with the exit code {code}"
