"""What `marty` says of itself, and how little that costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import marty_hookspecs
from marty_chassis.cli.root import COMMANDS
from marty_chassis.cli.root import marty as group
from marty_chassis.version import __version__

from .conftest import ROOTS, Marty, Write

HEAVY = {"fastapi", "pydantic", "pydantic_core", "ruamel", "starlette", "uvicorn"}


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "--version",
        "version",
        "plugins --help",
        "run --help",
        "demo --help",
        "new plugin -h",
    ],
)
def test_help_imports_nothing_that_it_does_not_need(here: Path, line: str) -> None:
    assert packages_after(line, here) & HEAVY == set()


def test_help_lists_every_command_with_the_words_of_the_command_itself(marty: Marty) -> None:
    shown = marty("--help")

    assert shown.exit_code == 0
    for name, words in COMMANDS.items():
        command = group.get_command(group.make_context("marty", ["version"]), name)
        assert command is not None
        assert command.short_help == words
        assert f"{name:<8} {words}" in shown.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_says_what_it_does(marty: Marty, name: str) -> None:
    shown = marty(name, "-h")

    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"Usage: marty {name}")


def test_versions_come_as_a_table_and_as_json(marty: Marty) -> None:
    shown, as_data = marty("version"), marty("version", "--json")

    assert f"marty-chassis  {__version__}" in shown.stdout
    found = json.loads(as_data.stdout)
    assert found["marty-chassis"] == __version__
    assert found["contract"] == marty_hookspecs.__version__


def test_without_click_the_extra_is_named(here: Path) -> None:
    program = "import sys; sys.modules['click'] = None; from marty_chassis.cli import main; main()"

    run = python(program, here)

    assert run.returncode == 1
    assert run.stderr == (
        "marty: the command `marty` needs click, which is not installed. Install it with the extra"
        " 'cli': pip install \"marty-chassis[cli]\"\n"
    )


def test_without_uvicorn_the_extra_is_named(write: Write, here: Path) -> None:
    write("config.yaml", "")
    program = (
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name == 'uvicorn' else find(name, *a)\n"
        "from marty_chassis.cli import main; main(['run'])"
    )

    run = python(program, here)

    assert run.returncode == 3
    assert run.stderr == (
        "error: serving needs uvicorn, which is not installed. Install it with the extra 'server':"
        ' pip install "marty-chassis[server]"\n'
    )


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("plugin", "plugins"),
        ("plugins lst", "list"),
        ("config shw", "show"),
        ("hooks lits", "list"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(
    marty: Marty, line: str, meant: str
) -> None:
    said = marty(*line.split())

    assert said.exit_code == 2
    assert f"Did you mean '{meant}'?" in said.stderr


def python(program: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a new interpreter that finds what this one finds."""
    program = f"import sys; sys.path[:0] = {ROOTS!r}\n{program}"
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        cwd=cwd,
    )


def packages_after(line: str, cwd: Path) -> set[str]:
    """The top-level packages of a new interpreter that has run one line of `marty`."""
    program = f"""
import atexit
from marty_chassis.cli import main
atexit.register(lambda: print("\\n", *{{name.partition(".")[0] for name in sys.modules}}))
main({line.split()!r})
"""
    run = python(program, cwd)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.splitlines()[-1].split())
