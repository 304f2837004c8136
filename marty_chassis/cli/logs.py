"""The log of a service that `marty` starts: one line for each thing that happened, on stderr.

Only a process that is ours is set up like this; the library leaves loguru and logging alone.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Final

from loguru import logger

from marty_chassis.plugins.console import CONSOLE, Console

from .session import Session

if TYPE_CHECKING:
    from loguru import Record

_VERBOSE: Final = ("DEBUG", "TRACE")


def set_up(level: str, session: Session, *, several: bool = False) -> None:
    """Send everything that is logged, ours and the standard library's, to stderr.

    `--verbose` and `--quiet` win over the configured level. No line shows the values of variables,
    which may be secrets. Where several processes write there, each line has the number of its own.
    A plugin that writes to stderr itself may have this keep quiet (`Console`).
    """
    # What only looks at plugins needs nothing of the web host.
    from marty_chassis.web.records import ToLoguru

    if session.verbose:
        level = _VERBOSE[min(session.verbose, len(_VERBOSE)) - 1]
    elif session.quiet:
        level = "WARNING"
    console = Console(sys.stderr)
    CONSOLE.set(console)
    logger.remove()
    logger.add(
        sys.stderr,
        level=level,
        filter=lambda _: console.speaks,
        format=_line_of_several if several else _line,
        colorize=_colours(),
        diagnose=False,
        backtrace=False,
    )
    # Other libraries say much at DEBUG; --verbose twice is for those who want that too.
    others = "INFO" if session.verbose == 1 else level
    logging.basicConfig(handlers=[ToLoguru()], level=logger.level(others).no, force=True)
    # It counts events; what comes of them is said by us.
    logging.getLogger("watchfiles").setLevel("DEBUG" if session.verbose > 1 else "WARNING")


def be_quiet(session: Session) -> None:
    """For commands that look and start nothing: what they find they say themselves."""
    logger.remove()
    if session.verbose:
        set_up("INFO", session)


def _line(record: Record) -> str:
    plugin = " <cyan>{extra[plugin]}</cyan>" if "plugin" in record["extra"] else ""
    time = "<dim>{time:HH:mm:ss.SSS}</dim>"
    return f"{time} <level>{{level: <7}}</level>{plugin} {{message}}\n{{exception}}"


def _line_of_several(record: Record) -> str:
    time, rest = _line(record).split(" ", 1)
    return f"{time} <dim>{{process}}</dim> {rest}"


def _colours() -> bool | None:
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None
