"""Bundled plugins are known where their library is not installed, and say how to get it."""

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
sys.modules[LIBRARY] = None
import anyio
from marty_chassis import Chassis, ChassisConfig

async def main():
    async with Chassis(ChassisConfig(plugins={NAME: SECTION})) as chassis:
        status = await chassis.plugin_manager.status(NAME)
        print(status.state.value, status.phase, status.version, status.reason)

anyio.run(main)
"""


@pytest.mark.parametrize(
    ("name", "section", "library", "package", "extra"),
    [
        ("consul", {"address": "127.0.0.1:1"}, "httpx2", "httpx2", "consul"),
        ("etcd", {"address": "127.0.0.1:1"}, "httpx2", "httpx2", "etcd"),
        ("custom-metrics", {}, "prometheus_client", "prometheus_client", "metrics"),
        ("jwt-authentication", {"jwt_secret": "x" * 40}, "jwt", "PyJWT", "jwt"),
    ],
)
def test_what_is_missing_is_said_when_the_plugin_is_made(
    name: str, section: dict[str, str], library: str, package: str, extra: str
) -> None:
    given = f"NAME, SECTION, LIBRARY = {name!r}, {section!r}, {library!r}"
    program = f"import sys; sys.path[:0] = {sorted(ROOTS)!r}; {given}\n{PROGRAM}"

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    assert run.stdout.startswith(f"error construct {marty_chassis.__version__} ")
    assert f"plugin '{name}' needs {package}, which is not installed." in run.stdout
    assert f'pip install "marty-chassis[{extra}]"' in run.stdout
