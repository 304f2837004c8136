"""`marty hooks`: what plugins can hook into, and who does."""

from __future__ import annotations

import click

from marty_chassis.cli.group import Group
from marty_chassis.cli.options import common, json_option, pass_session
from marty_chassis.cli.session import Session
from marty_chassis.cli.talk import as_json, data, say


@click.group(cls=Group, short_help="What plugins can hook into, and who does.")
def hooks() -> None:
    """What plugins can hook into, and who does."""


@hooks.command("list", short_help="Every extension point, and its handlers in order.")
@json_option
@common
@pass_session
def list_(session: Session, as_data: bool) -> None:
    """Print every extension point with its handlers in the order of calling, and why so.

    With a configuration the plugins are imported and made, not started: handlers and points that
    they register while they are initialized are not here, and are at GET /extension-points of the
    running service.
    """
    from marty_chassis.cli.points import told, views

    found = views(session)
    if as_data:
        as_json([one.model_dump() for one in found])
        return
    data("\n".join(told(one) for one in found))
    if session.path is None:
        say("No configuration was found, so these are the points alone; use --config.", session)
