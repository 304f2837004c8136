"""Options that many commands have, before or behind the command's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .session import Session

Command = TypeVar("Command", bound=Callable[..., Any])


def common(function: Command) -> Command:
    """`--config`, `--verbose` and `--quiet`: they go into the session."""
    for option in (_QUIET, _VERBOSE, _CONFIG):
        function = option(function)
    return function


json_option = click.option("--json", "as_data", is_flag=True, help="Print JSON.")
"""`--json`: the command gets `as_data`."""

pass_session = click.make_pass_decorator(Session, ensure=True)


def _note(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def note(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(context.ensure_object(Session), name, value)

    return note


_CONFIG = click.option(
    "-c",
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    expose_value=False,
    callback=_note("config"),
    help="The configuration.  [default: MARTY_CONFIG, else ./config.yaml if it is there]",
)
_VERBOSE = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_note("verbose"),
    help="Say more; show tracebacks.",
)
_QUIET = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_note("quiet"),
    help="Say nothing but errors.",
)
