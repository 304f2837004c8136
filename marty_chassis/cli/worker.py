"""One of several processes of a service: its application, made from what the environment says.

The process that looks after the others imports nothing of the service, and makes nothing of it.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from loguru import logger

from marty_chassis.errors import MartyError

from .logs import set_up
from .service import Wanted, made_application
from .session import Session

if TYPE_CHECKING:
    from marty_chassis.web.chassis import Chassis
    from marty_hookspecs.web import ASGIApp, Receive, Scope, Send

FACTORY: Final = "marty_chassis.cli.worker:application"
VARIABLE: Final = "MARTY_WORKER"


@dataclass(frozen=True, slots=True)
class Part:
    """What a worker has to know; everything else is in the configuration and the environment."""

    target: str | None
    folder: str
    config: str | None
    host: str
    port: int
    apart: int | None
    """The port of the management API, where it has one of its own."""
    debug: bool
    verbose: int
    quiet: bool

    def written(self) -> str:
        """As it is handed over."""
        return json.dumps(asdict(self))


class Serving:
    """Says once in each process that it serves; uvicorn calls it when it does, and from time to time."""

    def __init__(self, host: str, port: int) -> None:
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._said = False

    async def __call__(self) -> None:
        if not self._said:
            self._said = True
            logger.info("serves {}", self.url)

    def __repr__(self) -> str:
        return f"<Serving {self.url}>"


def application() -> ASGIApp:
    """Give the application of this process; uvicorn calls this in each of them."""
    return Worker(Part(**json.loads(os.environ[VARIABLE])))


class Worker:
    """The application of one process, made when its lifespan begins.

    So what goes wrong with it is a startup that failed, and an asynchronous factory is awaited in
    the event loop that serves.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._app: ASGIApp | None = None
        self._apart: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, from the management API where a request has come to its port."""
        app = self._app
        if scope["type"] == "lifespan":
            try:
                app = await self._made()
            except MartyError as error:
                await receive()
                logger.error("{}", error)
                await send({"type": "lifespan.startup.failed", "message": ""})
                return
        elif self._apart is not None and self._came_to(scope) == self._part.apart:
            app = self._apart
        if app is None:
            raise RuntimeError("a request came before the lifespan")
        await app(scope, receive, send)

    @staticmethod
    def _came_to(scope: Scope) -> int | None:
        server = scope.get("server")
        return None if server is None else server[1]

    async def _made(self) -> ASGIApp:
        from marty_chassis.web.apart import prefix_apart
        from marty_chassis.web.serving import chassis_of

        part = self._part
        session = Session(
            config=Path(part.config) if part.config else None,
            verbose=part.verbose,
            quiet=part.quiet,
        )
        config = session.load()
        set_up(config.logging.level, session, several=True)
        wanted = Wanted(config, part.target, Path(part.folder), debug=part.debug)
        app = self._app = await made_application(wanted)
        if (chassis := chassis_of(app)) is not None:
            chassis.bound(part.host, part.port)
            if part.apart is not None:
                self._apart = chassis.management.at(prefix_apart(chassis.config.management))
                chassis.set_apart()
            _tell_of_the_end(chassis)
        return app

    def __repr__(self) -> str:
        return f"<Worker {os.getpid()} at port {self._part.port}>"


def _tell_of_the_end(chassis: Chassis) -> None:
    """Let open streams of ours end when the process is told to: uvicorn would wait for them.

    uvicorn tells nobody but by what it does to the signal; it has set its handlers by now.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: object = before) -> None:
            chassis.closing()
            if callable(before):
                before(number, frame)

        signal.signal(number, handle)
