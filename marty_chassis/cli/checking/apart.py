"""Trying plugins in a process of their own: one that hangs, or ends it, is told and not suffered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any, Final

from marty_chassis.cli.session import Session
from marty_chassis.errors import MartyError

from .ending import Answer, ended
from .finding import Finding
from .unit import Unit

_GRACE: Final = 30.0
"""Seconds for the process itself: to begin, and to end."""
_PROGRAM: Final = "import sys; sys.path[:] = sys.argv[1:]; from marty_chassis.cli.checking.child import main; main()"


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
        return Tried((), (ended(answer, answer.culprit(units), seconds),), answer.said)
    return _tried(answer)


def try_units(session: Session, units: Sequence[Unit], seconds: float) -> Tried:
    """Try the plugins of these units; one that ends the process is left out of the next try.

    Raises CannotTry.
    """
    waiting = [unit for unit in units if unit.place]
    over: list[Finding] = []
    said = ""
    while waiting:
        answer = _asked(session, waiting, seconds)
        said += answer.said
        if answer.data is not None:
            tried = _tried(answer)
            return Tried(tried.plugins, (*over, *tried.findings), said)
        culprit = answer.culprit(waiting)
        over.append(ended(answer, culprit, seconds))
        if culprit is None:
            break
        waiting.remove(culprit)
    return Tried((), tuple(over), said)


def _asked(session: Session, units: Sequence[Unit] | None, seconds: float) -> Answer:
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
        return Answer(_text_of(wire), _text_of(said), code)


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _tried(answer: Answer) -> Tried:
    data = answer.data or {}
    if "failed" in data:
        raise CannotTry(data["failed"])
    findings = tuple(Finding(**one) for one in data["findings"])
    return Tried(tuple(data["plugins"]), findings, answer.said)
