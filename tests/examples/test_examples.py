"""Each example begins with what it shows and how to run it, runs, and prints what it says."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent

import pytest
from packaging.version import Version

import marty_chassis
import marty_hookspecs

from ..programs import program

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "examples"
EXAMPLES = sorted(
    {*FOLDER.glob("[!_]*.py"), *FOLDER.glob("*/service.py")}
    - {FOLDER / "storefront" / "service.py"}
)
PACKAGES = {str(Path(package.__path__[0]).parent) for package in (marty_chassis, marty_hookspecs)}


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_an_example_prints_what_its_docstring_says(example: Path) -> None:
    if example.parent.name == "middleware":
        pytest.importorskip("starlette.middleware.opentelemetry", reason="a newer Starlette has it")
    if example.parent.name == "request_tracing" and Version(version("starlette")) < Version("1.8"):
        pytest.skip("a newer Starlette says which route was found")
    if example.parent.name == "etcd":
        program("etcd")
    words = ast.get_docstring(ast.parse(example.read_text("utf-8"))) or ""
    command = f"python examples/{example.relative_to(FOLDER).as_posix()}"
    assert block(words, "Run it:") == command

    run = subprocess.run(
        [sys.executable, str(example)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PACKAGES)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert [line.rstrip() for line in run.stdout.strip().splitlines()] == block(
        words, "Prints:"
    ).splitlines()


def block(words: str, heading: str) -> str:
    """The indented lines below a heading of a docstring."""
    _, found, rest = words.partition(f"{heading}\n")
    assert found, f"no {heading!r} in the docstring"
    lines = []
    for line in rest.strip("\n").splitlines():
        if line.strip() and not line.startswith("    "):
            break
        lines.append(line.rstrip())
    return dedent("\n".join(lines)).strip()
