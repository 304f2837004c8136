"""The plugins are known where their library is not installed, and say how to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import marty_chassis
import marty_hookspecs

ROOTS = {str(Path(package.__path__[0]).parent) for package in (marty_chassis, marty_hookspecs)}
PROGRAM = """
import sys
sys.modules["httpx2"] = None
import anyio
from marty_chassis import Chassis, ChassisConfig

async def main():
    async with Chassis(ChassisConfig(plugins={NAME: {"address": "127.0.0.1:1"}})) as chassis:
        status = await chassis.plugin_manager.status(NAME)
        print(status.state.value, status.phase, status.version, status.reason)

anyio.run(main)
"""


@pytest.mark.parametrize("name", ["consul", "etcd"])
def test_what_is_missing_is_said_when_the_plugin_starts(name) -> None:
    program = f"import sys; sys.path[:0] = {sorted(ROOTS)!r}; NAME = {name!r}\n{PROGRAM}"

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    assert run.stdout.startswith(f"error initialize {marty_chassis.__version__} ")
    assert f"plugin '{name}' needs httpx2, which is not installed." in run.stdout
    assert f'pip install "marty-chassis[{name}]"' in run.stdout
