"""Running a service until somebody ends it: what `run`, `dev` and `demo` share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from loguru import logger

from marty_chassis.errors import MissingExtra

from .importing import imported, made
from .invitation import Address
from .session import Code, Session

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig
    from marty_hookspecs.web import ASGIApp


Invite = Callable[[Address, str | None], None]
"""Told where the service is, and where its plugins are managed; None where they are not."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be served, and where."""

    config: ChassisConfig
    """Makes the application, or stands around one that has no chassis of its own."""
    target: str | None = None
    """`module:name`"""
    folder: Path = Path()
    """Where the module may lie."""
    host: str | None = None
    port: int | None = None
    access_log: bool = False
    debug: bool = False
    """Whether an error of the application is shown to who asked."""
    leftovers: bool = False
    """Whether it is said what plugins leave behind, for those who write them."""


def serve_until_told(wanted: Wanted, session: Session, invite: Invite | None = None) -> None:
    """Serve in this process; from here on an error means that the service did not start.

    `invite` is called once connections are accepted. Ctrl-C is KeyboardInterrupt in the end, after a clean shutdown; SIGTERM is exit code 0.
    """
    session.failure = Code.NOT_STARTED
    if find_spec("uvicorn") is None:
        raise MissingExtra("serving", "uvicorn", "server")
    from .logs import set_up

    set_up(wanted.config.logging.level, session)
    with _terminated_is_done():
        anyio.run(
            partial(_serve, wanted, invite),
            backend_options={"use_uvloop": find_spec("uvloop") is not None},
        )


def serve_in(workers: int, wanted: Wanted, session: Session) -> None:
    """Serve in several processes; raises like `serve_until_told`."""
    session.failure = Code.NOT_STARTED
    if find_spec("uvicorn") is None:
        raise MissingExtra("serving", "uvicorn", "server")
    from .several import serve_in_several

    serve_in_several(wanted, workers, session)


async def _serve(wanted: Wanted, invite: Invite | None) -> None:
    from marty_chassis.web.serving import chassis_of, serve

    leftovers = None
    if wanted.leftovers:
        from .leftovers import Leftovers

        leftovers = Leftovers()
    app = await made_application(wanted)
    if leftovers is not None and (chassis := chassis_of(app)) is not None:
        leftovers.watch(chassis.plugin_manager.supervisor)

    def on_serving(host: str, port: int) -> None:
        if invite is not None:
            address = Address(host, port)
            invite(address, _managed_at(app, address))

    try:
        await serve(
            app,
            host=wanted.host,
            port=wanted.port,
            access_log=wanted.access_log,
            on_serving=on_serving,
        )
    finally:
        if leftovers is not None:
            leftovers.close()


async def made_application(wanted: Wanted) -> ASGIApp:
    """Make what is to be served, or import it, with a chassis around it."""
    from marty_chassis.web.chassis import Chassis
    from marty_chassis.web.factories import create_app
    from marty_chassis.web.serving import chassis_of

    if wanted.target is None:
        return create_app(wanted.config, debug=wanted.debug)
    if wanted.config.path is not None:
        # For an application that makes its chassis itself, from this file.
        os.environ["MARTY_CONFIG"] = str(wanted.config.path)
    app = await made(wanted.target, imported(wanted.target, wanted.folder))
    if (chassis := chassis_of(app)) is None:
        return Chassis(wanted.config).wrap(app)
    _warn_of_another(wanted, chassis.config.path)
    return app


def _warn_of_another(wanted: Wanted, read: Path | None) -> None:
    """Say so when an application has not read the file that `marty` was given, or found."""
    given = wanted.config.path
    if given is None or (read is not None and read.resolve() == given.resolve()):
        return
    logger.warning(
        f"{given} is not read: {wanted.target} makes its chassis itself, from"
        f" {read or 'no file'}. Name the file there: create_app({str(given)!r})."
    )


def _managed_at(app: ASGIApp, address: Address) -> str | None:
    from marty_chassis.web.apart import prefix_apart
    from marty_chassis.web.serving import chassis_of

    chassis = chassis_of(app)
    if chassis is not None and (listen := chassis.config.management.listen) is not None:
        return f"http://{listen}{prefix_apart(chassis.config.management)}"
    front = getattr(getattr(app, "around", app), "management", None)
    prefix = getattr(front, "prefix", None)
    return f"{address}{prefix}" if isinstance(prefix, str) else None


@contextmanager
def _terminated_is_done() -> Iterator[None]:
    """A service that was told to end, and has, did nothing wrong: its exit code is 0.

    The server stops first and raises the signal again afterwards.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(Code.OK))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
