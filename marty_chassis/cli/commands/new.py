"""`marty new`: begin a plugin, or a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category

import click

from marty_chassis.cli.group import Group
from marty_chassis.cli.options import common, json_option, pass_session
from marty_chassis.cli.session import Session
from marty_chassis.cli.talk import as_json, say

if TYPE_CHECKING:
    from marty_chassis.cli.new import Project, Written

TOOLS: Final = '"marty-chassis[standard,testing]"'
"""What one needs to work on either."""


@click.group(cls=Group, short_help="Begin a plugin or a service.")
def new() -> None:
    """Begin a plugin or a service: a project that can be tested, installed and changed at once."""


def _one_line(_: click.Context, __: click.Parameter, value: str) -> str:
    if any(category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in value):
        raise click.BadParameter("write one line, without control characters.")
    return value.strip()


def _project_options(function: Any) -> Any:
    """NAME, and what both kinds of project are asked for."""
    for option in (
        json_option,
        click.option(
            "--force", is_flag=True, help="Write what is missing into a folder that is not empty."
        ),
        click.option("--author", metavar="NAME", default="", callback=_one_line),
        click.option("--description", metavar="SENTENCE", default="", callback=_one_line),
        click.option(
            "--into",
            metavar="DIR",
            default=".",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="Where to make the folder NAME.  [default: here]",
        ),
        click.argument("name"),
    ):
        function = option(function)
    return function


@new.command(short_help="Begin a package with a plugin.")
@_project_options
@common
@pass_session
def plugin(
    session: Session,
    name: str,
    into: Path,
    description: str,
    author: str,
    force: bool,
    as_data: bool,
) -> None:
    """Write a package that brings a plugin, to be installed into services.

    The folder NAME gets a plugin in both styles, a class and functions, with tests, a configuration
    to try it with, a CI workflow and a README. Nothing is ever overwritten.
    """
    from marty_chassis.cli import new as projects

    project = projects.plugin(name, description, author)
    written = _written(project, into, force)
    _tell(written, [f"pip install -e . {TOOLS}", "pytest", "marty dev"], session, as_data)


@new.command(short_help="Begin a service.")
@_project_options
@click.option("--fastapi", is_flag=True, help="With FastAPI instead of Starlette alone.")
@common
@pass_session
def service(
    session: Session,
    name: str,
    into: Path,
    description: str,
    author: str,
    fastapi: bool,
    force: bool,
    as_data: bool,
) -> None:
    """Write a service: its routes, its configuration, and a folder with a plugin.

    The folder NAME gets tests, a CI workflow and a README, too. Nothing is ever overwritten.
    """
    from marty_chassis.cli import new as projects

    project = projects.service(name, description, author, fastapi=fastapi)
    written = _written(project, into, force)
    run = f"marty dev {project.name.package}.service:app"
    _tell(written, [f"pip install {TOOLS}", "pytest", run], session, as_data)


def _written(project: Project, into: Path, force: bool) -> Written:
    from marty_chassis.cli.folder import is_free
    from marty_chassis.cli.new import write

    folder = into / project.name.project
    if not is_free(folder) and not (force and folder.is_dir()):
        what = "is not empty" if folder.is_dir() else "is no folder"
        raise click.BadParameter(
            f"{folder} {what}, and nothing is overwritten. Take another name or another folder"
            " (--into); --force writes the files that are missing there.",
            param_hint="NAME",
        )
    return write(project.files, folder)


def _tell(written: Written, then: Sequence[str], session: Session, as_data: bool) -> None:
    if as_data:
        as_json({**asdict(written), "folder": str(written.folder)})
        return
    for heading, lines in (
        (f"New in {written.folder}:", written.written),
        ("There already, and left as they are:", written.kept),
        ("Next:", [f"cd {written.folder}", *then]),
    ):
        if lines:
            say("\n  ".join([heading, *lines]), session)
