"""`marty plugins reload|enable|disable`: moving the plugins of a service that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .options import common, json_option, pass_session
from .session import Code, Session
from .talk import as_json, data, say
from .token import VARIABLE

Command = TypeVar("Command", bound=Callable[..., Any])


def _remote(function: Command) -> Command:
    """The name, where the service is, and the token."""
    for option in (
        json_option,
        click.option(
            "--token",
            metavar="TOKEN",
            help=f"An operator's token.  [default: {VARIABLE}, or the configuration's]",
        ),
        click.option(
            "--url",
            metavar="URL",
            help="Where the service is, with the prefix of its management API if it has a path."
            "  [default: the address of the configuration]",
        ),
        click.argument("name"),
    ):
        function = option(function)
    return function


@click.command(short_help="Replace a plugin of a running service by what its source is now.")
@click.option("--wait", is_flag=True, help="Wait until the old one has left, too.")
@_remote
@common
@pass_session
@click.pass_context
def reload(
    context: click.Context,
    session: Session,
    name: str,
    url: str | None,
    token: str | None,
    as_data: bool,
    wait: bool,
) -> None:
    """Replace a plugin of a running service; exit with 1 when what served before serves on."""
    query = {"wait": "drain"} if wait else {}
    _ask(context, session, (name, url, token, as_data), "reload", query)


@click.command(short_help="Let a disabled plugin of a running service start again.")
@_remote
@common
@pass_session
@click.pass_context
def enable(
    context: click.Context,
    session: Session,
    name: str,
    url: str | None,
    token: str | None,
    as_data: bool,
) -> None:
    """Let a disabled plugin of a running service start again."""
    _ask(context, session, (name, url, token, as_data), "enable", {})


@click.command(short_help="Stop a plugin of a running service, and keep it from starting.")
@click.option("--force", is_flag=True, help="Even if the service cannot do without it.")
@_remote
@common
@pass_session
@click.pass_context
def disable(
    context: click.Context,
    session: Session,
    name: str,
    url: str | None,
    token: str | None,
    as_data: bool,
    force: bool,
) -> None:
    """Stop a plugin of a running service, and keep it from starting until it is enabled."""
    query = {"force": "true"} if force else {}
    _ask(context, session, (name, url, token, as_data), "disable", query)


def _ask(
    context: click.Context,
    session: Session,
    asked: tuple[str, str | None, str | None, bool],
    action: str,
    query: dict[str, str],
) -> None:
    from .remote import Service

    name, url, token, as_data = asked
    answer = Service.told(session, url, token).post("plugins", name, action, **query)
    if as_data:
        as_json(answer.data)
    elif answer.ok:
        data(_told(answer.data))
        if reason := answer.data.get("reason"):
            say(str(reason), session)
    else:
        head = click.style("error:", fg="red", bold=True)
        click.echo(f"{head} {answer.data.get('detail') or answer.status}", err=True)
    if not answer.ok:
        context.exit(Code.FAILED)


def _told(said: dict[str, Any]) -> str:
    if "duration_ms" not in said:
        return f"{said['plugin']} is {said['state']}"
    cascade = f", with {', '.join(said['cascade'])}" if said["cascade"] else ""
    old = "" if said["code_reloaded"] else ", of the same code"
    workers = len(said.get("workers", ()))
    where = f" in {workers} workers" if workers > 1 else ""
    left = f"; {said['draining']} requests still use the old one" if said["draining"] else ""
    return (
        f"{said['plugin']}: generation {said['generation']} serves{where}{cascade}{old},"
        f" after {said['duration_ms']:.1f} ms{left}"
    )
