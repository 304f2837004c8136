"""A server that a test starts as a process of its own, and may kill, pause and bring back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One process that listens at a port of 127.0.0.1, always the same one.

    command: with more words at the start, where a test has them.
    log: where it writes what it has to say.
    """

    def __init__(
        self, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] = {}
    ) -> None:
        self.port = port
        self._command = command
        self._log = log
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        """Whether it is there, paused or not."""
        return self._process is not None

    def start(self, *more: str) -> Self:
        """Start it, and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = process = subprocess.Popen(
                [*self._command, *more],
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
            )
        ends = time.monotonic() + 30
        while not self._listens():
            said = self._log.read_text("utf-8", "replace")
            assert process.poll() is None, f"{self._command[0]} has ended: {said}"
            assert time.monotonic() < ends, f"{self._command[0]} does not listen: {said}"
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """Have it vanish; one that has already is no error."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Have it take connections, and say nothing."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def python(module: str, folder: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command, and the environment, that run a module of a folder of the tests."""
    # The folder is named, as a safe path (PYTHONSAFEPATH) has none of a script.
    return [sys.executable, "-m", module, *arguments], {"PYTHONPATH": str(folder)}
