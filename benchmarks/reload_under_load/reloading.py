"""From a third place: files are edited and reloaded through the management API."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from .files import BREAKS, PLUGINS, write, write_all

TOKEN = "a-token-for-the-benchmark"
CONFIG = f"""\
service: {{name: under-load}}
management: {{token: {TOKEN}}}
plugins:
  directories: [plugins]
  entry_points: none
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reload, as the one who asked saw it."""

    plugin: str
    generation: int
    """What the file said."""
    broken: str | None
    asked: float
    answered: float
    status: int
    answer: dict[str, Any]

    @property
    def taken(self) -> bool:
        """Whether the new generation serves."""
        return self.status == 200 and not self.answer.get("rolled_back")


@dataclass
class Scene:
    """A service that runs, and its plugins' files."""

    folder: Path
    port: int
    replies: list[Reply] = field(default_factory=list)
    every: float = 0.0
    """Seconds from one reload to the next."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def reload(self, count: int) -> None:
        """Edit and reload so many times, one plugin after another; every tenth file is broken."""
        with self._connection() as connection:
            for number in itertools.islice(self._numbers, count):
                began = monotonic()
                name = list(PLUGINS)[number % len(PLUGINS)]
                broken = _broken(number)
                write(self.folder / "plugins", name, number, broken)
                self.replies.append(self._asked(connection, name, number, broken))
                sleep(max(0.0, began + self.every - monotonic()))

    def _asked(
        self, connection: HTTPConnection, name: str, number: int, broken: str | None
    ) -> Reply:
        asked = monotonic()
        bearer = {"authorization": f"Bearer {TOKEN}"}
        connection.request("POST", f"/plugins/{name}/reload", headers=bearer)
        response = connection.getresponse()
        body = response.read()
        return Reply(name, number, broken, asked, monotonic(), response.status, json.loads(body))

    @contextmanager
    def _connection(self) -> Iterator[HTTPConnection]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def loaded(self) -> Iterator[None]:
        """Be under load until left."""
        load = _started("load", str(self.port), str(self.rows), stdin=subprocess.PIPE)
        try:
            yield
        finally:
            load.communicate(timeout=60)
        if load.returncode:
            raise RuntimeError(f"the load ended with {load.returncode}")

    @property
    def rows(self) -> Path:
        """Where the load writes what it saw."""
        return self.folder / "rows.json"

    @property
    def log(self) -> Path:
        """Where the plugins write."""
        return self.folder / "log.jsonl"


def _broken(number: int) -> str | None:
    """How the file of this reload is broken: one of ten, each plugin in each way in turn."""
    tens, one = divmod(number - 1, 10)
    return list(BREAKS)[tens % 4] if one == (tens // 4 - tens) % 4 else None


@contextmanager
def serving(folder: Path, *, beside: int = 0) -> Iterator[Scene]:
    """A service in a process of its own, which has stopped when this is left.

    beside: plugins that are there and that nobody reloads.
    """
    (folder / "plugins").mkdir()
    (folder / "config.yaml").write_text(CONFIG)
    write_all(folder / "plugins", beside)
    scene = Scene(folder, 0)
    server = _started("service", str(folder), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        scene.port = int(server.stdout.readline())
        _wait(scene.port)
        yield scene
    finally:
        server.terminate()
        server.communicate(timeout=60)


def _started(name: str, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
    """A module of this folder in a process of its own, which imports from where this one does."""
    command = [sys.executable, "-m", f"benchmarks.reload_under_load.{name}", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(command, env=environment, **options)


def _wait(port: int) -> None:
    ends = monotonic() + 30
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        if monotonic() > ends:
            raise RuntimeError("the service is not ready after 30 s")
        sleep(0.05)
