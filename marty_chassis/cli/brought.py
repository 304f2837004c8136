"""Commands that plugins bring: `cli.commands` is asked when `marty` does not know a word."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import click

from marty_chassis.errors import MartyError

from .root import COMMANDS
from .session import Session
from .talk import warn

if TYPE_CHECKING:
    from .loading import Plugins


def anybody_to_ask(session: Session) -> bool:
    """Whether there may be plugins at all; found out without importing anything of them."""
    if session.path is not None or Path("martyconf.py").exists():
        return True
    off = os.environ.get("MARTY_DISABLE_PLUGIN_AUTOLOAD")
    return not off and bool(entry_points(group="marty.plugins"))


def commands_of_plugins(session: Session) -> Mapping[str, click.Command]:
    """Load the plugins, ask each one, and give their commands by name; once in a session.

    Nothing that goes wrong there breaks `marty`: it is said on stderr. A command that has the name
    of another is left out, and that is said too.
    """
    if session.brought is None:
        session.brought = _brought(session) if anybody_to_ask(session) else {}
    return session.brought


def _brought(session: Session) -> Mapping[str, click.Command]:
    import anyio

    from .loading import load, talking_to_stderr

    try:
        plugins = load(session)
        with talking_to_stderr():
            return anyio.run(_asked, plugins, session)
    except MartyError as error:
        warn(f"the commands of plugins are not known: {error}", session)
        return {}


async def _asked(plugins: Plugins, session: Session) -> dict[str, click.Command]:
    from marty_hookspecs import cli_commands

    found: dict[str, click.Command] = {}
    owners = dict.fromkeys(COMMANDS, "marty itself")
    for plugin in plugins.all:
        silent = plugin.outlook == "error" and not plugin.candidate.usable
        if silent or (plugin.outlook != "starts" and "cli_commands" in plugin.hooks):
            warn(f"plugin {plugin.name!r} brings no commands: {plugin.reason}", session)
    for answer in await plugins.manager.hooks.ask_detailed(cli_commands):
        who = f"plugin {answer.plugin!r}"
        if answer.error is not None:
            warn(f"{who} brings no commands: {answer.error}.", session)
            continue
        for command in _listed(answer.value):
            if not isinstance(command, click.Command) or not command.name:
                kind = type(command).__name__
                warn(
                    f"{who} brings an object of type {kind} where a click command with a name"
                    " is wanted; it is left out.",
                    session,
                )
            elif command.name in owners:
                owner = owners[command.name]
                warn(f"{who} brings {command.name!r}, which {owner} has; it is left out.", session)
            else:
                found[command.name] = command
                owners[command.name] = who
    return found


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
