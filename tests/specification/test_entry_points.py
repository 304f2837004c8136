"""Entry points: the printed setup.py is really built, installed in a fresh environment, and found."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import marty_chassis
import marty_hookspecs

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
"""Metrics, shipped by somebody else."""
from marty_chassis.plugins import IMetricsPlugin, plugin


@plugin(name="shipped-metrics", version="2.1.0")
class MetricsPlugin(IMetricsPlugin):
    async def collect_metrics(self):
        return {"shipped": 1}
'''
BARE = '''
"""Metrics by hookimpls, by a package that knows pluggy alone."""
from pluggy import HookimplMarker

hookimpl = HookimplMarker("marty")


class Queue:
    @hookimpl
    async def metrics_collect(self):
        return {"queue_length": 3}
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


def build(folder: Path, setup: str, modules: dict[str, str]) -> Path:
    """Really build a wheel of a package of somebody else."""
    (folder / "my_plugins").mkdir(parents=True)
    for name, text in {"__init__": "", **modules}.items():
        (folder / "my_plugins" / f"{name}.py").write_text(text)
    (folder / "setup.py").write_text(f"from setuptools import setup\n{setup}")
    run(sys.executable, "setup.py", "-q", "bdist_wheel", "-d", folder / "dist", cwd=folder)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with what this one has, but for the packages that a test installs there."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=True)
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(run(folder / "bin" / "python", "-c", asked, cwd=folder).strip())
    roots = (Path(marty_chassis.__file__).parents[1], Path(marty_hookspecs.__file__).parents[1])
    here = dict.fromkeys([sysconfig.get_path("purelib"), *map(str, roots)])
    (site / "this-environment.pth").write_text("\n".join(here) + "\n")
    return folder / "bin" / "python"


def found_in(python: Path, wheel: Path, cwd: Path) -> tuple[dict[str, list[str]], list[object]]:
    """Install a wheel, and see what a service there starts and collects."""
    run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel, cwd=cwd)
    status, figures = json.loads(run(python, "-c", PROGRAM, cwd=cwd))
    run(python, "-m", "pip", "uninstall", "-q", "-y", "my-plugins", cwd=cwd)
    return status, figures


def test_what_the_printed_setup_builds_is_found_where_it_is_installed(
    tmp_path: Path, fresh: Path
) -> None:
    printed = block("2. Entry Points Discovery").rstrip().removesuffix(")")
    setup = f"{printed}    version='2.1.0', packages=['my_plugins'],\n)\n"
    wheel = build(tmp_path / "package", setup, {"auth": AUTH, "metrics": METRICS})

    status, figures = found_in(fresh, wheel, tmp_path)

    assert status == {"auth": ["started", "2.1.0"], "shipped-metrics": ["started", "2.1.0"]}
    assert figures == [{"shipped": 1}]


def test_a_package_that_knows_pluggy_alone_is_found_too(tmp_path: Path, fresh: Path) -> None:
    setup = (
        "setup(name='my-plugins', version='3.0', packages=['my_plugins'],"
        " install_requires=['pluggy'],"
        " entry_points={'marty.plugins': ['queue = my_plugins.queues:Queue']})\n"
    )
    wheel = build(tmp_path / "package", setup, {"queues": BARE})

    status, figures = found_in(fresh, wheel, tmp_path)

    assert status == {"queue": ["started", "3.0"]}
    assert figures == [{"queue_length": 3}]
