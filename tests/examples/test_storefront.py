"""The storefront: all bundled plugins in one service, and a client that proves each claim."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import marty_chassis
import marty_hookspecs

from ..programs import program
from .test_examples import FOLDER, block

CLIENT = FOLDER / "storefront" / "client.py"
CONSUL = Path(__file__).parents[1] / "contrib" / "consul"
"""A server that keeps Consul's contract: no agent is to be had here."""
ROOTS = [str(Path(one.__path__[0]).parent) for one in (marty_chassis, marty_hookspecs)]


CLAIMS = block(ast.get_docstring(ast.parse(CLIENT.read_text("utf-8"))) or "", "Prints:")

pytestmark = pytest.mark.slow


def proven(*arguments: str, **environ: str) -> str:
    """What the client prints."""
    path = os.pathsep.join([*ROOTS, str(CONSUL)])
    environment = {**os.environ, "PYTHONPATH": path, **environ}
    environment.pop("PYTHONSAFEPATH", None)  # A script finds the modules beside it.
    run = subprocess.run(
        [sys.executable, str(CLIENT), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout.strip()


def test_every_claim_of_the_storefront_is_so_while_consul_and_etcd_die() -> None:
    program("etcd")
    consul = shlex.join([sys.executable, "-m", "contract", "--port", "{port}"])

    assert proven("--consul", consul) == CLAIMS


def test_where_no_registry_is_installed_what_is_claimed_of_them_is_left_out() -> None:
    printed = proven(PATH="")

    left = [line for line in CLAIMS.splitlines() if line not in printed.splitlines()]
    assert not set(printed.splitlines()) - set(CLAIMS.splitlines())
    assert all("consul" in line or "etcd" in line or "warehouse" in line for line in left[1:])
    assert left[0] == "registered:"
