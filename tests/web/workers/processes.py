"""Real workers: `marty run` and uvicorn as processes of their own, and what they answer."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeVar

import httpx2

import marty_chassis
import marty_hookspecs

ROOTS = [str(Path(one.__file__ or "").parents[1]) for one in (marty_chassis, marty_hookspecs)]
LONG = 40.0
"""Seconds after which a service that is not as it should be fails the test."""
TOKEN = {"authorization": "Bearer secret"}

T = TypeVar("T")

OPEN = """
    from marty_hookspecs import PluginMetadata, hookimpl

    # The service can do without it, so that it can be disabled.
    plugin_metadata = PluginMetadata("headers", failure_policy="open")

    @hookimpl
    def middleware_post_response(response, request):
        response.headers["x-plugin"] = "{version}"
    """

PLUGIN = """
    from marty_hookspecs import hookimpl

    @hookimpl
    def middleware_post_response(response, request):
        response.headers["x-plugin"] = "{version}"
    """

SERVICE = """
    import os
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from marty_chassis import create_app

    async def home(request):
        return PlainTextResponse(str(os.getpid()))

    app = create_app("config.yaml", routes=[Route("/", home)])
    """


def project(folder: Path, **more: str) -> Path:
    """Write a service with a plugin."""
    (folder / "plugins").mkdir()
    files = {"config.yaml": "plugins: {directories: [./plugins]}", "service.py": SERVICE, **more}
    for name, text in files.items():
        (folder / name).write_text(dedent(text).lstrip())
    write_plugin(folder, "one", OPEN)
    return folder


def write_plugin(folder: Path, version: str, text: str = PLUGIN) -> None:
    """Write a version of the plugin, as an editor does."""
    path = folder / "plugins" / "headers.py"
    path.with_suffix(".new").write_text(dedent(text.format(version=version)).lstrip())
    path.with_suffix(".new").replace(path)


class Workers:
    """The processes of one service, ended by their own parent alone."""

    def __init__(self, cwd: Path, runtime: Path, *command: object, **env: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MARTY_")}
        kept |= {
            "PYTHONPATH": os.pathsep.join([*ROOTS, str(cwd)]),
            "MARTY_DISABLE_PLUGIN_AUTOLOAD": "1",
            "MARTY_MANAGEMENT__TOKEN": "secret",
            "XDG_RUNTIME_DIR": str(runtime),
        }
        self.runtime = runtime
        self.err = ""
        self.url = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", *map(str, command)],
            cwd=cwd,
            env=kept | env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # Started in the background by a shell, we would hand on that interrupts are ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            self.err += line

    def until(self, answer: Callable[[], T | None], what: str) -> T:
        """Wait until this gives something, and give it."""
        ends = time.monotonic() + LONG
        while True:
            try:
                found = answer()
            except httpx2.TransportError:
                found = None  # A connection of a worker that is not there any more.
            if found:
                return found
            if self.process.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"never: {what}\n{self.err}")
            time.sleep(0.02)

    def said(self, pattern: str) -> re.Match[str]:
        return self.until(lambda: re.search(pattern, self.err, re.MULTILINE), pattern)

    def get(self, path: str = "/") -> httpx2.Response:
        """Ask one worker, whichever accepts the connection."""
        return httpx2.get(f"{self.url}{path}", headers=TOKEN, timeout=LONG)

    def post(self, path: str) -> httpx2.Response:
        return httpx2.post(f"{self.url}{path}", headers=TOKEN, timeout=LONG)

    def sockets(self) -> set[int]:
        """The processes that have a socket."""
        return {int(path.stem) for path in self.runtime.glob("marty/*/*.sock")}

    def together(self, count: int, *, without: int = 0) -> set[int]:
        """Wait until so many workers hear each other and serve, and give them."""

        def all_there() -> set[int] | None:
            # The socket is there before the plugins are; the log says when it serves.
            pids = self.sockets() - {without}
            started = self.err.count("Application startup complete")
            return pids if len(pids) == count and started >= count + bool(without) else None

        return self.until(all_there, f"{count} workers")

    def versions(self, pids: set[int]) -> set[str | None]:
        """Ask until every one of these workers has answered; give all that they have said."""
        seen: dict[int, set[str | None]] = {}

        def everyone() -> bool:
            answer = self.get()
            seen.setdefault(int(answer.text), set()).add(answer.headers.get("x-plugin"))
            return set(seen) >= pids

        self.until(everyone, f"an answer of each of {pids}")
        return set[str | None]().union(*seen.values())

    def end(self, sign: int = signal.SIGTERM) -> int:
        """Ask the parent to end, and give its exit code; -9 when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            code = self.process.wait(LONG)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(LONG)
        self._reader.join(LONG)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code


def results(response: httpx2.Response) -> dict[int, dict[str, Any]]:
    """What became of an order in each worker."""
    return {one["pid"]: one for one in response.json()["workers"]}
