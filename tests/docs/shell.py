"""The commands that pages show, each run in this process."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import tomllib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from marty_chassis.cli.root import marty
from marty_chassis.testing import pytest_plugin

from .curl import curl
from .page import ROOT
from .service import Service

SERVING = frozenset({"run", "dev"})


class Shell:
    """Runs the lines of a block; what they print is what a terminal would show."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.service: Service | None = None

    def run(self, text: str, code: int = 0) -> str:
        """Run all commands; all succeed, but for the last one, which ends with `code`.

        Gives what they print. The log of a service is in another terminal, unless it comes last.
        """
        said: list[str] = []
        commands = _commands(text)
        for number, words in enumerate(commands, 1):
            ended, output = self._command(words)
            last = number == len(commands)
            assert ended == (code if last else 0), f"{shlex.join(words)}: {ended}\n{output}"
            if last or words[:1] != ["marty"] or words[1] not in SERVING:
                said.append(output)
        return "".join(said)

    def close(self) -> None:
        """End the service, if one serves."""
        if self.service is not None:
            self.service.close()
            self.service = None

    def _command(self, words: list[str]) -> tuple[int, str]:
        words, target = _redirected(words)
        words = [os.path.expandvars(word) for word in words]
        while words and (given := re.fullmatch(r"(\w+)=(.*)", words[0])):
            os.environ[given[1]] = given[2]
            words.pop(0)
        if not words:
            return 0, ""
        code, output = self._kinds[words[0]](self, words[1:])
        if target is None:
            return code, output
        Path(target).write_text(output)
        return code, ""

    def _marty(self, words: list[str]) -> tuple[int, str]:
        if words[0] in SERVING:
            self.close()
            self.service = Service(words)
            return self.service.code, self.service.log()
        return _printed(lambda: marty.main(words, prog_name="marty"))

    def _curl(self, words: list[str]) -> tuple[int, str]:
        return 0, curl(words, self.service)

    def _pytest(self, words: list[str]) -> tuple[int, str]:
        options = ["-p", "no:cacheprovider", "-p", "no:faker", "-p", "no:xdist"]
        # The checkout is not installed, so that pytest does not find it by itself.
        ours = [] if entry_points(group="pytest11", name="marty") else [pytest_plugin]
        result = self._pytester.runpytest_inprocess(*options, *words, plugins=ours)
        return result.ret, "".join(f"{line}\n" for line in result.outlines + result.errlines)

    def _pip(self, words: list[str]) -> tuple[int, str]:
        """Nothing is installed: the extras are looked up."""
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        known = {*extras["optional-dependencies"]}
        for word in words:
            if named := re.fullmatch(r"(?:marty-chassis|\.)\[(.*)\].*", word):
                assert known.issuperset(named[1].split(",")), f"an extra of {word} is not there"
        return 0, ""

    def _export(self, words: list[str]) -> tuple[int, str]:
        for word in words:
            name, _, value = word.partition("=")
            os.environ[name] = value
        return 0, ""

    def _cat(self, words: list[str]) -> tuple[int, str]:
        return 0, "".join(Path(word).read_text() for word in words)

    _kinds: dict[str, Callable[[Shell, list[str]], tuple[int, str]]] = {
        "marty": _marty,
        "curl": _curl,
        "pytest": _pytest,
        "pip": _pip,
        "export": _export,
        "cat": _cat,
    }


def _commands(text: str) -> list[list[str]]:
    found: list[list[str]] = []
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in shlex.split(line, comments=True):
            if word == "&&":
                found.append(words)
                words = []
            else:
                words.append(word)
        if words:
            found.append(words)
    return found


def _redirected(words: list[str]) -> tuple[list[str], str | None]:
    return (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, None)


def _printed(run: Callable[[], Any]) -> tuple[int, str]:
    said = io.StringIO()
    code: Any = 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            run()
        except SystemExit as ended:
            code = ended.code or 0
    return int(code), said.getvalue()
