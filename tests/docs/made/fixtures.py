"""The fixtures of the kit, made of their docstrings."""

from __future__ import annotations

import inspect
import re

from marty_chassis.testing import pytest_plugin


def fixtures() -> str:
    """One row for each fixture."""
    rows = [f"| `{name}` | {_said(one)} |" for name, one in every_fixture().items()]
    return "\n".join(["| fixture | |", "|---|---|", *rows])


def every_fixture() -> dict[str, object]:
    """Each fixture by its name, in the order of the file."""
    return {
        name: one
        for name, one in vars(pytest_plugin).items()
        if type(one).__name__ == "FixtureFunctionDefinition"
    }


def _said(fixture: object) -> str:
    words = inspect.getdoc(getattr(fixture, "__wrapped__", fixture)) or ""
    return re.sub(r"\s+", " ", words.split("\n\n")[0])
