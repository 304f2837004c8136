"""`marty plugins`: which plugins there are, whether they can be used, and moving them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from marty_chassis.cli import moving
from marty_chassis.cli.group import Group
from marty_chassis.cli.options import common, json_option, pass_session
from marty_chassis.cli.session import Code, Session
from marty_chassis.cli.talk import as_json, data, say, table, warn

if TYPE_CHECKING:
    from marty_chassis.cli.loading import Plugins

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
    from marty_chassis.cli.details import row

    loaded = _loaded(session)
    if as_data:
        as_json([row(one) for one in loaded.all])
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


@plugins.command(short_help="What is wrong with plugins, before they run.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@json_option
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--static", is_flag=True, help="Look at the source alone, and run nothing of it.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long importing and making a plugin may take.",
)
@click.option("--rules", is_flag=True, help="Print every rule, and check nothing.")
@common
@pass_session
@click.pass_context
def check(
    context: click.Context,
    session: Session,
    paths: tuple[str, ...],
    as_data: bool,
    strict: bool,
    static: bool,
    timeout: float,
    rules: bool,
) -> None:
    """Check plugins, and exit with 1 if anything is wrong with them.

    PATH is a plugin file, a package, a folder, a martyconf.py, a project with pyproject.toml, or
    the name of an installed distribution; without one it is every plugin of the configuration.

    The source is looked at; then the plugin is imported and made in a process of its own, and
    compared with its section of the configuration. Nothing is started. A comment suppresses one
    rule on its line: # marty: ignore[rule]
    """
    from marty_chassis.cli.checking.check import check as checked
    from marty_chassis.cli.checking.report import rules_as_data, rules_as_text
    from marty_chassis.cli.checking.targets import NoSuchTarget

    if rules:
        as_json(rules_as_data()) if as_data else data(rules_as_text())
        return
    try:
        report, printed = checked(session, paths, run=not static, seconds=timeout)
    except NoSuchTarget as error:
        raise click.BadParameter(str(error), param_hint="PATH") from None
    if session.verbose and printed:
        say(printed.rstrip(), session)
    well = not report.errors and not (strict and report.warnings)
    if as_data:
        as_json(report.as_data(ok=well))
    else:
        if report.findings:
            data(report.told())
        say(report.summary(), session)
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
