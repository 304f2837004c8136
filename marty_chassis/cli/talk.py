"""What `marty` says: data on stdout, talk on stderr, colours where they are wanted."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from marty_chassis.errors import MartyError

from .session import Session


def data(text: str) -> None:
    """Print what was asked for, on stdout."""
    click.echo(text, color=_colours())


def as_json(value: object) -> None:
    """Print what was asked for as JSON, on stdout."""
    data(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(text: str, session: Session | None = None) -> None:
    """Say something on stderr, unless `--quiet` was asked for."""
    if session is None or not session.quiet:
        click.echo(text, err=True, color=_colours())


def warn(text: str, session: Session | None = None) -> None:
    """Say on stderr what is strange and can be lived with."""
    say(f"{click.style('warning:', fg='yellow', bold=True)} {text}", session)


def fail(error: BaseException, session: Session) -> None:
    """Say on stderr what went wrong; with `--verbose` where, too.

    An error of ours that nobody else's has caused says it all in its words.
    """
    if session.verbose and not (isinstance(error, MartyError) and error.__cause__ is None):
        said = "".join(traceback.format_exception(error)).rstrip()
        click.echo(click.style(said, dim=True), err=True, color=_colours())
    head = click.style("error:", fg="red", bold=True)
    click.echo(f"{head} {error}", err=True, color=_colours())


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align the columns; the last one is as long as it likes."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    head = click.style(_line(headings, widths), bold=True)
    return "\n".join([head, *(_line(row, widths) for row in rows)])


def interactive() -> bool:
    """Whether somebody is likely to read stderr, and no file or log."""
    return sys.stderr.isatty()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _colours() -> bool | None:
    """`NO_COLOR` and `FORCE_COLOR` (any value); else click looks whether it writes to a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None
