"""The process in which plugins are imported and made: it reads what to do, and answers in JSON.

It may hang, and it may die: whoever started it reads, in place of the answer, where it was then.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from json import dumps, loads  # as they are now, whatever plugins make of the module
from pathlib import Path
from typing import Any, NoReturn, TextIO

BEGUN = "begun "
"""A line that begins so says which unit is being read."""


def main() -> NoReturn:
    """Do what stdin says, and leave at once, whatever threads the plugins have started."""
    wanted: dict[str, Any] = loads(sys.stdin.read())
    wire = _apart()
    sys.dont_write_bytecode = True
    seconds = float(wanted["seconds"])
    faulthandler.enable(wire)
    _watch(seconds, wire)
    leave = os._exit
    os._exit = lambda code: _told(wire, leave, code)  # type: ignore[assignment]
    answer = _answer(wanted, wire, seconds)
    faulthandler.cancel_dump_traceback_later()
    sys.stderr.flush()
    wire.write(dumps(answer) + "\n")
    wire.flush()
    leave(0)


def _answer(wanted: dict[str, Any], wire: TextIO, seconds: float) -> dict[str, Any]:
    from marty_chassis.cli.session import Session
    from marty_chassis.errors import MartyError

    from .dry import of_configuration, of_units
    from .unit import Unit

    session = Session(Path(wanted["config"]) if wanted["config"] else None, quiet=True)
    try:
        if wanted["units"] is None:
            return of_configuration(session)

        def begin(number: int) -> None:
            _watch(seconds, wire)
            wire.write(f"{BEGUN}{number}\n")
            wire.flush()

        return of_units(session, [Unit.of_data(one) for one in wanted["units"]], begin)
    except MartyError as error:
        return {"failed": str(error)}


def _apart() -> TextIO:
    """Keep stdout for the answer; what plugins print goes to stderr, whatever they print with."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return wire


def _watch(seconds: float, wire: TextIO) -> None:
    """Leave after so many seconds from now, and say where we were."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=wire)


def _told(wire: TextIO, leave: Any, code: int) -> NoReturn:
    faulthandler.dump_traceback(wire, all_threads=False)
    wire.flush()
    leave(code)
    raise AssertionError  # It does not come back.


if __name__ == "__main__":
    main()
