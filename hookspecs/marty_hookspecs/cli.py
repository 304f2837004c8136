"""Plugins bring commands for `marty`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .point import ErrorPolicy, ExtensionPointType, extension_point


@extension_point("cli.commands", type=ExtensionPointType.PROVIDER, on_error=ErrorPolicy.REPORT)
async def cli_commands() -> Sequence[Any] | None:
    """Give click commands that `marty` offers beside its own.

    :called: when `marty` is asked for a command it does not have, and for `marty --help`; the
        plugin is loaded then, not started.
    :results: all commands; one that `marty` already has is refused with a warning.
    :errors: reported on stderr; `marty`'s own commands work.

    >>> class Greeter:
    ...     @hookimpl
    ...     def cli_commands(self):
    ...         return []  # [click.Command("greet", callback=greet)]
    """
    ...
