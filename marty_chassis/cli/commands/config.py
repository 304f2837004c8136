"""`marty config`: check, show and begin a configuration."""

from __future__ import annotations

from pathlib import Path

import click

from marty_chassis.cli.group import Group
from marty_chassis.cli.options import common, json_option, pass_session
from marty_chassis.cli.session import DEFAULT_FILE, Code, Session
from marty_chassis.cli.talk import as_json, data, say, table


@click.group(cls=Group, short_help="Check, show and begin a configuration.")
def config() -> None:
    """Check, show and begin a configuration."""


@config.command(short_help="Whether the configuration can be used.")
@json_option
@common
@pass_session
@click.pass_context
def check(context: click.Context, session: Session, as_data: bool) -> None:
    """Print all that is wrong with the configuration, plugins' sections too.

    Exits with 1 if it cannot be used; warnings alone are no reason.
    """
    from marty_chassis.cli.sections import models_and_names
    from marty_chassis.discovery.bundled import BUNDLED
    from marty_chassis.settings import check as checked

    models, names = models_and_names(session)
    problems = checked(session.path, plugin_models=models, known_names=names, others=BUNDLED)
    errors = [one for one in problems if one.severity == "error"]
    if as_data:
        as_json(
            {
                "ok": not errors,
                "file": None if session.path is None else str(session.path),
                "problems": [
                    {
                        "severity": one.severity,
                        "place": one.place,
                        "path": one.path,
                        "message": one.message,
                        "hint": one.hint,
                    }
                    for one in problems
                ],
            }
        )
    else:
        for one in problems:
            data(f"{one.severity}: {one}")
        where = session.path or "the environment alone, as there is no file"
        say(f"{where}: {_counted(len(errors), len(problems) - len(errors))}", session)
    if errors:
        context.exit(Code.FAILED)


@config.command(short_help="What the configuration comes to.")
@click.option("--origin", is_flag=True, help="Print where each value is from.")
@json_option
@common
@pass_session
def show(session: Session, as_data: bool, origin: bool) -> None:
    """Print every value, from whichever source it is; secrets are masked.

    What plugins answer to `config.load` is not there, as nothing is started.
    """
    from marty_chassis.cli.sections import as_yaml, with_models

    configuration = with_models(session)
    if not origin:
        shown = configuration.show()
        as_json(shown) if as_data else data(as_yaml(shown))
        return
    rows = configuration.show(origin=True)
    if as_data:
        as_json([{"path": r.path, "value": r.value, "origin": r.origin} for r in rows])
    else:
        cells = [(row.path, as_yaml(row.value), row.origin) for row in rows]
        data(table(("key", "value", "from"), cells))


@config.command(short_help="The JSON Schema of the configuration.")
@click.option("--json", is_flag=True, expose_value=False, help="It always is.")
@common
@pass_session
def schema(session: Session) -> None:
    """Print the JSON Schema, for editors; the sections of the plugins found here are in it.

    Write it beside the file, and begin that with: # yaml-language-server: $schema=./schema.json
    """
    from marty_chassis.cli.sections import models_and_names
    from marty_chassis.settings import config_schema

    models, _ = models_and_names(session)
    as_json(config_schema(models))


@config.command(short_help="Begin a configuration.")
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT_FILE)
@common
@pass_session
def create(session: Session, file: Path) -> None:
    """Write a first configuration to FILE, every key with its default in a comment.

    Overwrites nothing.
    """
    from marty_chassis.settings import create_file

    say(f"{create_file(file)} is written.", session)


def _counted(errors: int, warnings: int) -> str:
    if not errors and not warnings:
        return "nothing is wrong."
    said = [
        f"{n} {word}{'s'[: n != 1]}" for n, word in ((errors, "error"), (warnings, "warning")) if n
    ]
    return f"{' and '.join(said)}."
