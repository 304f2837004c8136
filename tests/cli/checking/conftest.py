"""`marty plugins check` in this process, its answer as data."""

from __future__ import annotations

import json
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from ..conftest import Marty, Write

Check = Callable[..., dict[str, Any]]
Rules = Callable[[str], list[tuple[int, str]]]


@pytest.fixture
def check(marty: Marty) -> Check:
    """Check what is named; gives what `--json` prints."""

    def checking(*args: object) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(marty("plugins", "check", *args, "--json").stdout)
        return data

    return checking


@pytest.fixture
def rules(check: Check, write: Write) -> Rules:
    """Look at the source of one file: the lines, and the rules that are broken there."""

    def looking(text: str) -> list[tuple[int, str]]:
        path = write("plugins/one.py", HEAD + dedent(text))
        return [
            (one["line"] - HEAD.count("\n"), one["rule"])
            for one in check(path, "--static")["findings"]
        ]

    return looking


HEAD = """\
from marty_chassis.plugins import *
described = dict(version="1.0.0", description="One")
"""
"""What every file begins with; the text itself begins with an empty line, so it is line 1."""


def found(data: dict[str, Any]) -> list[tuple[str, int | None, str]]:
    """File, line and rule of each finding."""
    return [(one["path"], one["line"], one["rule"]) for one in data["findings"]]
