"""`marty` itself: its commands are imported when they are called, errors become one message."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click

from marty_chassis.errors import MartyError
from marty_chassis.version import __version__

from .group import Group
from .options import common
from .session import Code, Session
from .talk import fail

COMMANDS: Final = {
    "config": "Check, show and begin a configuration.",
    "demo": "Start a service with plugins, to look at and to play with.",
    "dev": "Run a service for whoever works on it.",
    "hooks": "What plugins can hook into, and who does.",
    "new": "Begin a plugin or a service.",
    "plugins": "Which plugins there are; moving those of a running service.",
    "run": "Run a service.",
    "version": "Print the versions that matter.",
}
"""The commands, and what `marty --help` says of each: it imports none of them."""


class Root(Group):
    """The group of all commands: ours by name, those of plugins when ours do not have the name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our own commands; asking plugins takes too long for a shell's completion."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one of our commands, or look for it among those of plugins."""
        if cmd_name in COMMANDS:
            found = getattr(import_module(f"{__package__}.commands.{cmd_name}"), cmd_name)
            return found if isinstance(found, click.Command) else None
        if ctx.resilient_parsing:
            return None
        from .brought import commands_of_plugins

        return commands_of_plugins(ctx.ensure_object(Session)).get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, those of plugins too where there is something to ask."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))
        session = ctx.ensure_object(Session)
        from .brought import anybody_to_ask, commands_of_plugins

        if anybody_to_ask(session) and (found := commands_of_plugins(session)):
            with formatter.section("Commands of plugins"):
                formatter.write_dl(
                    [(name, one.get_short_help_str()) for name, one in sorted(found.items())]
                )

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and exit; what goes wrong is one message and a code of `Code`."""
        session = extra.setdefault("obj", Session())
        try:
            given = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            code = given if isinstance(given, int) else Code.OK
        except click.exceptions.Abort:
            code = Code.INTERRUPTED
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except (MartyError, OSError) as error:
            fail(error, session)
            code = session.failure
        except Exception as error:  # noqa: BLE001  # nobody wants a traceback for an answer
            fail(Unforeseen(error), session)
            code = session.failure
        if standalone_mode:
            sys.exit(code)
        return code

    def __repr__(self) -> str:
        return "<marty>"


class Unforeseen(Exception):
    """A mistake, ours or that of a plugin's command."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.__cause__ = error

    def __str__(self) -> str:
        said = f"{type(self.__cause__).__name__}: {self.__cause__}"
        return f"{said}. This is a mistake in the command: --verbose shows where, to report it."


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@common
@click.version_option(__version__, prog_name="marty")
def marty() -> None:
    """Services whose plugins come and go."""
