"""`marty run` in a thread of this process, at a port of its own."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.from_thread
import anyio.lowlevel

from marty_chassis.cli.commands.dev import dev
from marty_chassis.cli.commands.run import run
from marty_chassis.cli.logs import set_up
from marty_chassis.cli.service import Wanted, made_application
from marty_chassis.cli.session import Code, Session
from marty_chassis.cli.watch import want_watching
from marty_chassis.errors import MartyError
from marty_chassis.web import serve

PORT = "8000"
"""As pages write it."""
LONG = 20.0
"""Seconds after which a service that does not start, or end, fails the test."""


class Service:
    """What `marty run` or `marty dev` serves; takes the words behind `marty`."""

    def __init__(self, words: list[str]) -> None:
        self.code = Code.OK
        """What the command would exit with if it ended now."""
        self._port = ""
        self._log = io.StringIO()
        self._serving = threading.Event()
        self._end: Callable[[], object] = lambda: None
        session = Session()
        command = {"run": run, "dev": dev}[words[0]]
        given = command.make_context(words[0], words[1:], obj=session).params
        with contextlib.redirect_stderr(self._log):
            if command is dev:
                want_watching()
            wanted = Wanted(session.load(), given["app"], Path.cwd(), port=0)
            set_up(wanted.config.logging.level, session)
        self._thread = threading.Thread(target=self._run, args=(wanted,), daemon=True)
        self._thread.start()
        assert self._serving.wait(LONG), f"the service did not start:\n{self.log()}"
        # Whoever asks at the configured address finds it.
        os.environ["MARTY_SERVICE__PORT"] = self._port

    def at(self, url: str) -> str:
        """The address that a page names, at the port that it really is."""
        host, _, rest = url.removeprefix("http://").partition(f":{PORT}")
        assert host in ("127.0.0.1", "localhost"), f"{url} is not where the service is"
        return f"http://127.0.0.1:{self._port}{rest}"

    def log(self) -> str:
        """What it has said until now."""
        said = self._log.getvalue()
        return said.replace(f":{self._port}", f":{PORT}") if self._port else said

    def close(self) -> None:
        """Tell it to end, and wait until it has."""
        self._end()
        self._thread.join(LONG)
        assert not self._thread.is_alive(), f"the service did not end:\n{self.log()}"
        os.environ.pop("MARTY_SERVICE__PORT")

    def _run(self, wanted: Wanted) -> None:
        try:
            anyio.run(self._live, wanted)
        except MartyError as error:
            self._log.write(f"error: {error}\n")
            self.code = Code.NOT_STARTED
        finally:
            self._end = lambda: None
            self._serving.set()

    async def _live(self, wanted: Wanted) -> None:
        token = anyio.lowlevel.current_token()
        app = await made_application(wanted)
        with anyio.CancelScope() as scope:
            self._end = lambda: anyio.from_thread.run_sync(scope.cancel, token=token)
            await serve(app, port=0, on_serving=self._served)

    def _served(self, _: str, port: int) -> None:
        self._port = str(port)
        self._serving.set()
