"""`marty run`: a service, as it runs in production."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from marty_chassis.cli.options import common, pass_session
from marty_chassis.cli.session import Code, Session


def check_target(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Refuse what is not `module:name`, with the spelling that was probably meant."""
    if value is None:
        return None
    module, colon, name = value.partition(":")
    if colon and all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        return value
    dotted = module.removesuffix(".py").strip("./").replace("/", ".") or "module"
    raise click.BadParameter(f"write MODULE:NAME, for instance {dotted}:{name or 'app'}.")


def where_options(function: Any) -> Any:
    """`--host` and `--port`."""
    for option in (
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            help="0 takes a free one.  [default: service.port]",
        ),
        click.option("--host", help="[default: service.host]"),
    ):
        function = option(function)
    return function


def require_something(app: str | None, session: Session) -> None:
    """Refuse to run nothing, and say what could be run."""
    if app is None and session.path is None:
        raise click.UsageError(
            "There is nothing to run: no APP was given, and no configuration was found. Write"
            " `marty run module:app`, or `marty run --config config.yaml`; `marty config create`"
            " begins one, and `marty demo` shows a service."
        )


@click.command(short_help="Run a service.")
@click.argument("app", required=False, callback=check_target, metavar="[APP]")
@where_options
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that share the address; what is done to a plugin in one is done in all.",
)
@click.option("--access-log", is_flag=True, help="Log each request.")
@common
@pass_session
def run(
    session: Session,
    app: str | None,
    host: str | None,
    port: int | None,
    workers: int,
    access_log: bool,
) -> None:
    """Run a service with its plugins until it is told to end.

    APP is MODULE:NAME, an ASGI application or a function without arguments that makes one; an
    asynchronous function is awaited. One that has no chassis gets the configured one around it.
    Without APP the configuration alone makes the service.
    """
    from marty_chassis.cli.service import Wanted, serve_in, serve_until_told

    session.failure = Code.NOT_STARTED
    require_something(app, session)
    wanted = Wanted(session.load(), app, Path.cwd(), host, port, access_log=access_log)
    if workers > 1:
        serve_in(workers, wanted, session)
    else:
        serve_until_told(wanted, session)
