"""The commands of `marty`, made of the commands."""

from __future__ import annotations

from collections.abc import Iterator

import click

from marty_chassis.cli.root import COMMANDS, marty
from marty_chassis.cli.session import Code, Session

from .states import sentences

EVERYWHERE = frozenset({"config", "verbose", "quiet", "help"})
"""Options that all commands have."""


def commands() -> str:
    """One row for each command."""
    head = ["| command | | options |", "|---|---|---|"]
    rows = [
        f"| `{' '.join(['marty', *words])}` | {one.get_short_help_str(200)} | {_options(one)} |"
        for words, one in every_command()
    ]
    return "\n".join([*head, *rows])


def codes() -> str:
    """What `marty` exits with."""
    said = sentences(Code)
    rows = [f"| {one.value} | {said[one.name]} |" for one in Code]
    return "\n".join(["| exit code | |", "|---|---|", *rows])


def every_command() -> Iterator[tuple[list[str], click.Command]]:
    """Every command with the words that call it, groups left out."""
    context = click.Context(marty, obj=Session())
    for name in sorted(COMMANDS):
        found = marty.get_command(context, name)
        assert found is not None
        yield from _below([name], found)


def _below(words: list[str], found: click.Command) -> Iterator[tuple[list[str], click.Command]]:
    if not isinstance(found, click.Group):
        yield words, found
        return
    for name in sorted(found.commands):
        yield from _below([*words, name], found.commands[name])


def _options(command: click.Command) -> str:
    given = [
        one.opts[-1] if isinstance(one, click.Option) else one.make_metavar(click.Context(command))
        for one in command.params
        if one.name not in EVERYWHERE
    ]
    return ", ".join(f"`{word}`" for word in given)
