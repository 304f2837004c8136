"""Entry points: the printed setup.py is really built, installed in a fresh environment, and found."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from .printed import block

AUTH = '''
"""Authentication, shipped by somebody else."""
from marty_chassis.plugins import IMiddlewarePlugin, plugin


@plugin(name="auth", version="2.1.0")
class AuthPlugin(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        return await call_next(request)
'''
METRICS = '''
"""Metrics by hookimpls, by a package that knows pluggy alone."""
from pluggy import HookimplMarker

hookimpl = HookimplMarker("marty")


class MetricsPlugin:
    @hookimpl
    async def metrics_collect(self):
        return {"shipped": 1}
'''
PROGRAM = """
import anyio, json
from marty_chassis import Chassis

async def main():
    chassis = Chassis()
    async with chassis:
        status = {s.name: [s.state.value, s.version] for s in await chassis.plugin_manager.status()}
        from marty_hookspecs import metrics_collect
        figures = await chassis.hooks.ask(metrics_collect)
    print(json.dumps([status, figures]))

anyio.run(main)
"""


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """What the printed setup.py builds."""
    package = tmp_path / "package"
    (package / "my_plugins").mkdir(parents=True)
    (package / "my_plugins" / "__init__.py").write_text("")
    (package / "my_plugins" / "auth.py").write_text(AUTH)
    (package / "my_plugins" / "metrics.py").write_text(METRICS)
    printed = block("2. Entry Points Discovery").rstrip().removesuffix(")")
    (package / "setup.py").write_text(
        f"from setuptools import setup\n{printed}    version='2.1.0', packages=['my_plugins'],\n)\n"
    )
    run(sys.executable, "setup.py", "-q", "bdist_wheel", "-d", tmp_path / "dist", cwd=package)
    (built,) = (tmp_path / "dist").glob("*.whl")
    return built


def test_a_package_of_somebody_else_is_found_where_it_is_installed(
    tmp_path: Path, wheel: Path
) -> None:
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=True)
    python = fresh / "bin" / "python"
    # What this environment has, the fresh one has too; the package is installed there alone.
    site = Path(
        run(
            python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path
        ).strip()
    )
    here = [
        sysconfig.get_path("purelib"),
        *(p for p in sys.path if p.endswith(("main", "hookspecs"))),
    ]
    (site / "this-environment.pth").write_text("\n".join(here) + "\n")
    run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel, cwd=tmp_path)

    status, figures = json.loads(run(python, "-c", PROGRAM, cwd=tmp_path))

    assert status == {"auth": ["started", "2.1.0"], "metrics": ["started", "2.1.0"]}
    assert figures == [{"shipped": 1}]
