"""A shell, and somebody who types: one command after the other, in one folder after the other."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self


class Terminal:
    """One bash, with whatever it has in the background; all of it ends with the `with` block."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        """The working directory."""
        self._environment = environment

    def __enter__(self) -> Self:
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The shell leads the group that everything is in which it has started.
        group, ends = self._shell.pid, time.monotonic() + 10
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
            self._shell.communicate()
            while time.monotonic() < ends:
                os.killpg(group, 0)
                time.sleep(0.05)
            os.killpg(group, signal.SIGKILL)

    def type(self, command: str, said: Path, seconds: float) -> int:
        """Run a command, and give its exit code; what it prints goes on being added to a file."""
        typed = said.with_suffix(".sh")
        typed.write_text(command)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f". '{typed}' >> '{said}' 2>&1; echo $? $PWD\n")
        self._shell.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(self._shell.stdout, selectors.EVENT_READ)
            assert selector.select(seconds), f"{command} has not ended after {seconds:g} s"
        code, _, folder = self._shell.stdout.readline().strip().partition(" ")
        self.folder = Path(folder)
        return int(code)
