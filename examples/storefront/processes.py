"""What the client starts, kills and starts again."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

import anyio
import httpx2

ETCD = "etcd --data-dir={folder}/etcd --listen-client-urls={url} --advertise-client-urls={url} " \
    "--listen-peer-urls=http://127.0.0.1:0 --logger=zap"  # fmt: skip


class Process:
    """A server on a free port of 127.0.0.1, always the same one."""

    def __init__(
        self, name: str, words: Sequence[str], folder: Path, environment: Mapping[str, str] = {}
    ) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._words = [word.format(port=self.port, url=self.url, folder=folder) for word in words]
        self._folder = folder
        self._environment = environment
        self._running: subprocess.Popen[bytes] | None = None

    async def start(self, ready: str) -> None:
        """Start it and wait until it answers there."""
        with self._log("ab") as log:
            self._running = subprocess.Popen(  # noqa: ASYNC220  # it only takes a moment
                self._words,
                cwd=self._folder,
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
            )
        async with httpx2.AsyncClient(base_url=self.url) as client:
            with anyio.move_on_after(30):
                while self._running.poll() is None:
                    try:
                        (await client.get(ready)).raise_for_status()
                        return
                    except httpx2.HTTPError:
                        await anyio.sleep(0.05)
        raise SystemExit(f"{self.name} does not start:\n{self.said()}")

    def kill(self) -> None:
        """Have it vanish, without a word."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def end(self) -> int:
        """Tell it to end, and give its exit code."""
        if self._running is None:
            return 0
        self._running.terminate()
        code = self._running.wait(20)
        self._running = None
        return code

    def said(self) -> str:
        """What it wrote."""
        with self._log("rb") as log:
            return log.read().decode(errors="replace")

    def _log(self, mode: str) -> IO[bytes]:
        return (self._folder / f"{self.name}.log").open(mode)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def marty(name: str, *words: str, folder: Path, environment: Mapping[str, str]) -> Process:
    """A service of this folder."""
    command = [sys.executable, "-m", "marty_chassis.cli", "run", *words, "--port", "{port}"]
    return Process(name, command, folder, environment)


def registry(name: str, command: str | None, folder: Path) -> Process | None:
    """Consul or etcd, with its command or as it is installed; None where it is not."""
    if command is None:
        command = {"etcd": ETCD, "consul": "consul agent -dev -http-port={port}"}[name]
    words = shlex.split(command)
    return Process(name, words, folder) if shutil.which(words[0]) else None


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
