"""Somebody who reads a page and does what it says, in a fresh environment."""

from __future__ import annotations

import faulthandler
import re
import socket
import time
import tomllib
from pathlib import Path

from ..installing import fresh_environment
from ..programs import program
from .expected import compare
from .page import ROOT, Block, read
from .terminal import Terminal

PATIENCE = 30.0
"""Seconds that a reader waits for what the page promises."""
AGAIN = ("curl ", "marty plugins reload ")
"""Commands that a reader types again when the answer is not there yet."""
INSTALLING = 150.0
"""Seconds that any one command may take."""


def follow(page: str, folder: Path, before: str = "") -> None:
    """Type the commands of a page into one shell, and compare what comes out.

    The page stands as it is: a block with a `file` mark is saved below the working directory, each
    line of an `sh` block is typed, and a `text` block is what the commands before it print. What is
    not there yet is waited for, `curl` asks again. `before` is typed before the page begins.
    """
    # pytest ends the whole run when a test takes as long as this may; it has its own limits.
    faulthandler.cancel_dump_traceback_later()
    for name in ("bash", "curl"):
        program(name)
    for name in ("installing", "said", "home"):
        (folder / name).mkdir()
    environment = fresh_environment(folder / "installing")
    port = free_port()
    if port != 8000:
        environment["MARTY_SERVICE__PORT"] = str(port)
    with Terminal(folder / "home", environment) as terminal:
        reader = Reader(terminal, folder / "said", port)
        for block in [Block(page, 0, "sh", before), *read(ROOT / page).blocks]:
            reader.follow(block)


class Reader:
    """Does what the page says, and compares what it promises."""

    def __init__(self, terminal: Terminal, said: Path, port: int) -> None:
        self._terminal = terminal
        self._folder = said
        self._port = port
        self._commands: list[str] = []
        self._said = said / "nothing"

    def follow(self, block: Block) -> None:
        """Write a file, run commands, or see whether they printed what they should have."""
        code = block.code.replace(":8000", f":{self._port}")
        if name := block.marks.get("file"):
            (self._terminal.folder / name).write_text(code)
        elif block.language == "sh":
            self._said = self._folder / f"{block.line}.txt"
            self._commands = code.replace("\\\n", "").splitlines()
            self._run(block)
        elif block.language == "toml":
            tomllib.loads(code)
        else:
            assert block.language == "text", f"{block}: what is one to do with this?"
            self._compare(block, code)

    def _run(self, block: Block) -> None:
        self._said.write_text("")
        for command in self._commands:
            ended = self._terminal.type(command, self._said, INSTALLING)
            assert ended == 0 or self._repeatable, (
                f"{block}: {command} ended with {ended}:\n{self._said.read_text()}"
            )

    def _compare(self, block: Block, expected: str) -> None:
        ends = time.monotonic() + PATIENCE
        while True:
            said = self._said.read_text()
            try:
                return compare("text", expected, without_warnings(said), self._folder)
            except AssertionError as error:
                waits = self._repeatable or self._commands[-1].endswith("&")
                if not waits or time.monotonic() > ends:
                    raise AssertionError(f"{block}: {error}\n{said}") from None
            # Nobody reads as fast as a file is taken in, or a service has started.
            time.sleep(0.2)
            if self._repeatable:
                self._run(block)

    @property
    def _repeatable(self) -> bool:
        return all(command.startswith(AGAIN) for command in self._commands)


def without_warnings(said: str) -> str:
    """Leave out what pip says about the indexes of this machine."""
    return re.sub(r"^WARNING: .*\n", "", said, flags=re.MULTILINE)


def free_port() -> int:
    """Give the port that the page speaks of, or one that is free where that is taken."""
    for port in (8000, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("no port is free")
