"""`marty dev`: a service for whoever works on it."""

from __future__ import annotations

from pathlib import Path

import click

from marty_chassis.cli.commands.run import check_target, require_something, where_options
from marty_chassis.cli.options import common, pass_session
from marty_chassis.cli.session import Code, Session
from marty_chassis.cli.talk import say


@click.command(short_help="Run a service for whoever works on it.")
@click.argument("app", required=False, callback=check_target, metavar="[APP]")
@where_options
@click.option("--show-token", is_flag=True, help="Print the token even into a file or a pipe.")
@common
@pass_session
def dev(
    session: Session,
    app: str | None,
    host: str | None,
    port: int | None,
    show_token: bool,
) -> None:
    """Run a service as `marty run` does, for whoever works on it.

    A token for the management API is made and printed, each request is logged, and errors come
    with their tracebacks. Plugins and their configuration are watched, and taken in when they are
    saved; after a change of the application itself, start it again. service.environment is
    development, unless the configuration says otherwise. What a plugin leaves behind when it is
    replaced or stops (a thread, a handler of a logger, ...) is named with the line that did it.
    """
    from marty_chassis.cli.development import want_development
    from marty_chassis.cli.invitation import Address, dev_invitation
    from marty_chassis.cli.service import Wanted, serve_until_told
    from marty_chassis.cli.token import hand_over
    from marty_chassis.cli.watch import check_watching, want_watching

    session.failure = Code.NOT_STARTED
    require_something(app, session)
    session.verbose = session.verbose or int(not session.quiet)
    want_watching()
    config = session.load()
    if watched := config.plugins.reload.watch:
        check_watching()
    want_development(config)
    token = hand_over(config, show=show_token)
    wanted = Wanted(
        session.load(), app, Path.cwd(), host, port, access_log=True, debug=True, leftovers=True
    )

    def invite(address: Address, managed_at: str | None) -> None:
        say(dev_invitation(address, managed_at, token, watched=watched), session)

    serve_until_told(wanted, session, invite)
