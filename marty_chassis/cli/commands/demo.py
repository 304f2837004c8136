"""`marty demo`: a service with plugins, to look at and to play with."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from marty_chassis.cli.options import common, pass_session
from marty_chassis.cli.session import Code, Session
from marty_chassis.cli.talk import say
from marty_chassis.errors import MartyError


@click.command(short_help="Start a service with plugins, to look at and to play with.")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--show-token", is_flag=True, help="Print the token even into a file or a pipe.")
@common
@pass_session
def demo(session: Session, folder: Path | None, host: str, port: int, show_token: bool) -> None:
    """Start a service with plugins, and say what to try.

    DIR is filled with a configuration, an application and four plugins, to be read and changed; it
    must be empty or new. Without DIR it is a fresh temporary folder.
    """
    from marty_chassis.cli.development import want_development
    from marty_chassis.cli.folder import is_free, made_at
    from marty_chassis.cli.invitation import Address, demo_invitation
    from marty_chassis.cli.service import Wanted, serve_until_told
    from marty_chassis.cli.token import hand_over
    from marty_chassis.settings import ChassisConfig

    if folder is not None and not is_free(folder):
        raise click.BadParameter(
            f"{folder} is not empty, and nothing is overwritten. Name a new folder; if the demo is"
            f" there already, run it: cd {folder} && marty dev app:app",
            param_hint="DIR",
        )
    session.failure = Code.NOT_STARTED
    where = made_at(folder)
    file = where / "config.yaml"
    config = ChassisConfig.load(file)
    want_development(config)
    token = hand_over(config, show=show_token)
    wanted = Wanted(ChassisConfig.load(file), "app:app", where, host, port, access_log=True)

    served = False

    def invite(address: Address, _: str | None) -> None:
        nonlocal served
        served = True
        say(demo_invitation(where, address, token))

    try:
        serve_until_told(wanted, session, invite)
    except MartyError:
        if not served:
            # Nobody has seen it yet: the same line with another port is to work.
            shutil.rmtree(where)
        raise
