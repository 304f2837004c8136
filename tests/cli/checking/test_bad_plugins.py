"""Plugins that are bad on purpose: each line that says `# expect: rule` is found, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from marty_chassis.cli.checking import RULES

from ..conftest import Marty

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.py"))
Found = Collection[tuple[int, str]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_source_shows_what_is_wrong(marty: Marty, path: Path) -> None:
    found = by_file(marty("plugins", "check", path, "--static", "--json").stdout)

    assert found.get(path, []) == expected(path, "source")


@pytest.mark.slow
def test_trying_them_shows_the_rest(marty: Marty) -> None:
    said = marty("plugins", "check", BAD, "--timeout", "3", "--json")

    assert said.exit_code == 1
    found = by_file(said.stdout)
    for path in FILES:
        assert found[path] == expected(path, "source", "run"), path.name


def test_each_rule_has_a_bad_plugin_or_a_test_of_its_own() -> None:
    shown = {rule for path in FILES for _, rule in expected(path, "source", "run")}

    elsewhere = {"configuration", "dependency", "no-plugin", "unreadable", "unusable"}
    assert shown | elsewhere == set(RULES)
    assert not shown & elsewhere


def expected(path: Path, *depths: str) -> Found:
    """What the comments of a file promise."""
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    return sorted(
        (number, rule)
        for number, line in lines
        for found in re.findall(r"# expect: (.+)$", line)
        for rule in found.split(", ")
        if RULES[rule].depth in depths
    )


def by_file(stdout: str) -> Mapping[Path, Found]:
    """What was found, as the comments have it."""
    found: dict[Path, list[tuple[int, str]]] = {}
    data: dict[str, Any] = json.loads(stdout)
    for one in data["findings"]:
        found.setdefault(Path(one["path"]), []).append((one["line"], one["rule"]))
    return {path: sorted(these) for path, these in found.items()}
