"""`marty` in this process, for what only looks, and as a process, for what serves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result
from loguru import logger

import marty_chassis
import marty_hookspecs
from marty_chassis.cli.root import marty as group

ROOTS = [str(Path(one.__file__ or "").parents[1]) for one in (marty_chassis, marty_hookspecs)]
LONG = 30.0
"""Seconds after which a service that does not start, or end, fails the test."""

Write = Callable[[str, str], Path]
Marty = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and an environment without variables of ours."""
    for name in [name for name in os.environ if name.startswith("MARTY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MARTY_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(here: Path) -> Write:
    """Write a file below the working directory."""

    def writing(name: str, text: str) -> Path:
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip())
        return path

    return writing


@pytest.fixture
def marty(here: Path, request: pytest.FixtureRequest) -> Iterator[Marty]:
    """Run `marty` in this process."""
    runner = CliRunner()
    yield lambda *args: runner.invoke(group, [str(arg) for arg in args], prog_name="marty")
    # What only looks has taken the sinks of loguru away.
    logger.remove()
    logger.add(sys.stderr)


class Process:
    """`marty` as a process of its own, and what it has said so far."""

    def __init__(self, args: tuple[object, ...], cwd: Path, **env: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MARTY_")}
        kept |= {"PYTHONPATH": os.pathsep.join(ROOTS), "MARTY_DISABLE_PLUGIN_AUTOLOAD": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "marty_chassis.cli", *map(str, args)],
            cwd=cwd,
            env=kept | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Started in the background by a shell, we would hand on that interrupts are ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.out = ""
        self.err = ""
        self._readers = [
            threading.Thread(target=self._read, args=(name,), daemon=True)
            for name in ("out", "err")
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str) -> None:
        stream = self.process.stdout if name == "out" else self.process.stderr
        for line in stream or ():
            setattr(self, name, getattr(self, name) + line)

    def said(self, pattern: str) -> re.Match[str]:
        """Wait until stderr has something that looks so, and give it."""
        ends = time.monotonic() + LONG
        while (found := re.search(pattern, self.err, re.MULTILINE)) is None:
            if self.process.poll() is not None or time.monotonic() > ends:
                raise AssertionError(f"never said {pattern!r}:\n{self.err}\n{self.out}")
            time.sleep(0.02)
        return found

    def end(self, sign: int = signal.SIGINT) -> int:
        """Ask it to end, and give its exit code; -9 when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.wait()

    def wait(self) -> int:
        """Wait for its end, and give its exit code."""
        code = self.process.wait(LONG)
        for reader in self._readers:
            reader.join(LONG)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


@pytest.fixture
def start(here: Path) -> Iterator[Callable[..., Process]]:
    """Start `marty` as a process; whatever still runs at the end is ended."""
    processes: list[Process] = []

    def starting(*args: object, **env: str) -> Process:
        processes.append(Process(args, here, **env))
        return processes[-1]

    yield starting
    for process in processes:
        process.end()
