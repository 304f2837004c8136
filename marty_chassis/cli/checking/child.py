"""The process in which plugins are imported and made: it reads what to do, and answers in JSON.

It may hang, and it may die: whoever started it reads, in place of the answer, where it was then.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from json import dumps, loads  # as they are now, whatever plugins make of the module
from pathlib import Path
from typing import Any, NoReturn, TextIO

BEGUN = "begun "
"""A line that begins so says which unit is being read."""


def main() -> NoReturn:
    """Do what stdin says, and leave at once, whatever threads the plugins have started."""
    wanted: dict[str, Any] = loads(sys.stdin.read())
    wire = Wire(_apart(), wanted["seconds"], os._exit)
    sys.dont_write_bytecode = True
    faulthandler.enable(wire.file)
    os._exit = wire.leave  # type: ignore[assignment]
    answer = _answer(wanted, wire)
    wire.say(dumps(answer))
    wire.exit(0)
    raise AssertionError  # It does not come back.


@dataclass(frozen=True, slots=True)
class Wire:
    """What whoever started this process reads."""

    file: TextIO
    seconds: float
    exit: Callable[[int], object]
    process: int = os.getpid()

    def say(self, line: str) -> None:
        """Write a line."""
        self.file.write(f"{line}\n")
        self.file.flush()

    def begin(self, number: int) -> None:
        """Say that this unit is read from now on."""
        self.say(f"{BEGUN}{number}")
        self.watch()

    def watch(self) -> None:
        """End this process so many seconds from now, and write where it was."""
        faulthandler.dump_traceback_later(self.seconds, exit=True, file=self.file)

    def leave(self, code: int) -> None:
        """End this process because a plugin wants it so, and write where it was."""
        if os.getpid() == self.process:  # and no process that a plugin has forked
            faulthandler.dump_traceback(self.file, all_threads=False)
        self.exit(code)


def _answer(wanted: dict[str, Any], wire: Wire) -> dict[str, Any]:
    # Imported before anything is watched: it takes a while, and it is ours.
    from marty_chassis.cli.session import Session
    from marty_chassis.errors import MartyError

    from .dry import of_configuration, of_units
    from .unit import Unit

    session = Session(Path(wanted["config"]) if wanted["config"] else None, quiet=True)
    try:
        if wanted["units"] is None:
            return of_configuration(session, wire.watch)
        return of_units(session, [Unit.of_data(one) for one in wanted["units"]], wire.begin)
    except MartyError as error:
        return {"failed": str(error)}


def _apart() -> TextIO:
    """Keep stdout for the answer; what plugins print goes to stderr, whatever they print with."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return wire
