"""`marty plugins`: which plugins there are, whether they can be used, and moving them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from marty_chassis.cli import moving
from marty_chassis.cli.group import Group
from marty_chassis.cli.options import common, json_option, pass_session
from marty_chassis.cli.session import Code, Session
from marty_chassis.cli.talk import as_json, data, say, table, warn

if TYPE_CHECKING:
    from marty_chassis.cli.loading import Plugin, Plugins

_COLOURS = {"starts": "green", "error": "red", "blocked": "yellow", "disabled": "bright_black"}


@click.group(cls=Group, short_help="Which plugins there are; moving those of a running service.")
def plugins() -> None:
    """Which plugins there are, and whether they can be used; moving those of a running service.

    What looks imports and makes plugins, and starts nothing of them. What moves asks a service that
    runs, through its management API.
    """


for _command in (moving.reload, moving.enable, moving.disable):
    plugins.add_command(_command)


@plugins.command("list", short_help="Every plugin, and what would become of it.")
@json_option
@common
@pass_session
def list_(session: Session, as_data: bool) -> None:
    """Print every plugin with its version, where it is from, and what would become of it."""
    loaded = _loaded(session)
    if as_data:
        as_json([_row(one) for one in loaded.all])
        return
    if not loaded.all:
        say("There are no plugins here. Set plugins.directories, or install some.", session)
    else:
        rows = [
            (one.name, one.candidate.metadata.version, one.outlook, str(one.candidate.source))
            for one in loaded.all
        ]
        data(table(("name", "version", "state", "source"), rows))
    for one in loaded.all:
        if one.reason:
            colour = _COLOURS[one.outlook]
            say(f"{click.style(f'{one.outlook}:', fg=colour)} {one.name}: {one.reason}", session)
    for problem in loaded.found.problems:
        warn(str(problem), session)


@plugins.command(short_help="All that is known about one plugin.")
@click.argument("name")
@json_option
@common
@pass_session
def info(session: Session, name: str, as_data: bool) -> None:
    """Print what a plugin says about itself, where it is from, its hooks and its configuration."""
    from marty_chassis.cli.details import details, told
    from marty_chassis.errors import UnknownPlugin
    from marty_chassis.settings.names import canonical

    wanted = canonical(name)
    loaded = _loaded(session)
    same = [one for one in loaded.all if one.name == wanted]
    if not same:
        raise UnknownPlugin(name, [one.name for one in loaded.all])
    found = [details(one, loaded) for one in same]
    if as_data:
        as_json(found[0] if len(found) == 1 else found)
    else:
        data("\n\n".join(told(one) for one in found))


@plugins.command(short_help="Whether every plugin could start.")
@json_option
@common
@pass_session
@click.pass_context
def check(context: click.Context, session: Session, as_data: bool) -> None:
    """Check plugins, hooks, dependencies and configuration; exit with 1 if anything is wrong."""
    loaded = _loaded(session)
    wrong = [one for one in loaded.all if one.outlook in ("error", "blocked")]
    problems = [*loaded.config.warnings, *loaded.found.problems]
    errors = [one for one in problems if one.severity == "error"]
    well = not wrong and not errors
    if as_data:
        as_json(
            {
                "ok": well,
                "plugins": [_row(one) for one in wrong],
                "problems": [_problem(one) for one in problems],
            }
        )
    else:
        for one in wrong:
            data(f"{one.outlook}: {one.name}: {one.reason}")
        for problem in problems:
            data(f"{problem.severity}: {problem}")
        count = len(loaded.plugins)
        usable = sum(one.outlook == "starts" for one in loaded.plugins.values())
        say(f"{usable} of {count} plugins would start.", session)
    if not well:
        context.exit(Code.FAILED)


@plugins.command(short_help="Which plugin starts after which.")
@json_option
@click.option("--dot", is_flag=True, help="Print it for Graphviz.")
@common
@pass_session
def graph(session: Session, as_data: bool, dot: bool) -> None:
    """Print the order of starting: plugins on one level start together, dependencies first."""
    from marty_chassis.cli.graph import as_dot, as_levels, as_text

    loaded = _loaded(session)
    if as_data:
        as_json(as_levels(loaded))
    else:
        data(as_dot(loaded) if dot else as_text(loaded))


def _loaded(session: Session) -> Plugins:
    from marty_chassis.cli.loading import load

    return load(session)


def _row(one: Plugin) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.candidate.metadata.version,
        "state": one.outlook,
        "source": str(one.candidate.source),
        "kind": one.candidate.source.kind,
        "description": one.candidate.metadata.description,
        "problem": one.reason,
        "problems": [_problem(problem) for problem in one.problems],
    }


def _problem(problem: Any) -> dict[str, str]:
    return {
        "severity": problem.severity,
        "place": problem.place,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }
