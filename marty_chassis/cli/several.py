"""Running a service in several processes that share its sockets; uvicorn looks after them."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from socket import socket
from typing import Any

import anyio
import uvicorn
from loguru import logger
from uvicorn.supervisors import Multiprocess

from marty_chassis.errors import StartupFailed
from marty_chassis.web.address import close, taken
from marty_chassis.web.apart import SETTINGS
from marty_chassis.web.serving import GRACEFUL_TIMEOUT, defaults

from .logs import set_up
from .service import Wanted
from .session import Code, Session
from .worker import FACTORY, VARIABLE, Part, Serving


def serve_in_several(wanted: Wanted, workers: int, session: Session) -> None:
    """Serve in so many processes until told to end; what they are to serve they make themselves.

    One that dies is replaced. One whose application does not start ends all of them. Ctrl-C is
    KeyboardInterrupt in the end. Raises `CannotListen` and `StartupFailed`.
    """
    session.failure = Code.NOT_STARTED
    config = wanted.config
    set_up(config.logging.level, session, several=True)
    host = wanted.host or config.service.host
    port = config.service.port if wanted.port is None else wanted.port
    with ExitStack() as stack:
        ours = _taken(stack, host, port)
        listen = config.management.listen if config.management.enabled else None
        apart = _apart(stack, listen)
        at = ours[0].getsockname()[1]
        part = Part(
            target=wanted.target,
            folder=str(wanted.folder.absolute()),
            config=str(session.path.absolute()) if session.path else None,
            host=host,
            port=at,
            apart=apart[0].getsockname()[1] if apart else None,
            debug=wanted.debug,
            verbose=session.verbose,
            quiet=session.quiet,
        )
        os.environ[VARIABLE] = part.written()
        if apart:
            logger.info("management at http://{}", listen)
        supervisor = Supervisor(
            uvicorn.Config(
                FACTORY,
                factory=True,
                workers=workers,
                host=host,
                port=at,
                loop="uvloop" if find_spec("uvloop") else "asyncio",
                access_log=wanted.access_log,
                timeout_graceful_shutdown=GRACEFUL_TIMEOUT,
                callback_notify=Serving(host, at),
                **{**defaults(), "lifespan": "on"},
            ),
            [*ours, *apart],
        )
        supervisor.run()
    if supervisor.failed:
        raise StartupFailed
    if supervisor.interrupted:
        raise KeyboardInterrupt


class Supervisor(Multiprocess):
    """uvicorn's, which says how it ended."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket]) -> None:
        # Releases of uvicorn before 0.51 want to be told what a process runs.
        more: dict[str, Any] = {}
        if "target" in inspect.signature(Multiprocess).parameters:
            more["target"] = partial(_run, config)
        super().__init__(config, sockets=sockets, **more)
        self.interrupted = False
        """Whether it was Ctrl-C that ended it."""

    @property
    def failed(self) -> bool:
        """Whether an application did not start."""
        return Code.NOT_STARTED in [one.process.exitcode for one in self.processes]

    def handle_int(self) -> None:
        """End, because of Ctrl-C."""
        self.interrupted = True
        super().handle_int()

    def keep_subprocess_alive(self) -> None:
        """Replace processes that died; end when one has not come up, since none would."""
        if self.failed:
            self.should_exit.set()
        super().keep_subprocess_alive()

    def __repr__(self) -> str:
        return f"<Supervisor of {len(self.processes)} processes>"


def _run(config: uvicorn.Config, sockets: list[socket] | None = None) -> None:
    server = uvicorn.Server(config)
    server.run(sockets)
    if not server.started:
        sys.exit(Code.NOT_STARTED)


def _apart(stack: ExitStack, listen: str | None) -> Sequence[socket]:
    if listen is None:
        return ()
    host, _, port = listen.rpartition(":")
    return _taken(stack, host.strip("[]"), int(port), SETTINGS)


def _taken(stack: ExitStack, host: str, port: int, *settings: str) -> list[socket]:
    sockets = anyio.run(partial(taken, host, port, *settings))
    stack.callback(close, sockets)
    return sockets
