"""What `marty new` writes, as its authors use it: installed from an index, tested, checked, served."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from ..installing import fresh_environment

pytestmark = pytest.mark.slow

PROJECTS = {
    "hello-header": "plugin hello-header --author Ada",
    "shop": "service shop",
    "till": "service till --fastapi",
}


@dataclass(frozen=True)
class Fresh:
    """A fresh environment, and a folder in which the projects are."""

    folder: Path
    variables: dict[str, str]

    def run(self, line: str, project: str = ".") -> str:
        """Run a line of a shell in a project, which succeeds, and give what it printed."""
        done = subprocess.run(
            ["sh", "-ec", line],
            cwd=self.folder / project,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=150,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """An environment with the chassis and every project in it."""
    # pytest ends the whole run when a test takes as long as this may; it has its own limits.
    faulthandler.cancel_dump_traceback_later()
    folder = tmp_path_factory.mktemp("projects")
    variables = fresh_environment(tmp_path_factory.mktemp("installing"))
    fresh = Fresh(folder, variables)
    variables["MYPY_CACHE_DIR"] = ".mypy_cache"  # each its own: their tests have the same names
    fresh.run("python -m venv .venv")
    variables["PATH"] = f"{folder / '.venv' / 'bin'}{os.pathsep}{variables['PATH']}"
    fresh.run("python -m pip install -q --upgrade pip")
    fresh.run('python -m pip install -q "marty-chassis[standard,testing]" mypy ruff')
    for line in PROJECTS.values():
        fresh.run(f"marty new {line}")
    fresh.run(f"python -m pip install -q {' '.join(f'./{name}' for name in PROJECTS)}")
    return fresh


@pytest.mark.parametrize("project", PROJECTS)
def test_its_workflow_passes(fresh: Fresh, project: str) -> None:
    workflow = (fresh.folder / project / ".github" / "workflows" / "tests.yml").read_text()
    steps = re.findall(r"^      - run: (.*)$", workflow, re.MULTILINE)
    assert steps[-1] == "python -m pytest"

    printed = [fresh.run(step, project) for step in steps]

    assert re.search(r"\d+ passed", printed[-1])


@pytest.mark.parametrize("project", PROJECTS)
def test_type_checker_and_linter_have_nothing_to_say(fresh: Fresh, project: str) -> None:
    fresh.run("mypy --strict .", project)
    fresh.run("ruff check --extend-select I,B,UP,RUF .", project)
    fresh.run("ruff format --check .", project)


@pytest.mark.parametrize("project", PROJECTS)
def test_its_configuration_and_its_plugins_have_no_mistake(fresh: Fresh, project: str) -> None:
    plugins = "plugins" if (fresh.folder / project / "plugins").is_dir() else "."

    assert fresh.run("marty config check", project) == "config.yaml: nothing is wrong.\n"
    assert fresh.run(f"marty plugins check {plugins}", project).startswith("Nothing is wrong in ")


def test_the_wheel_of_a_plugin_holds_the_package_and_names_its_plugins(fresh: Fresh) -> None:
    fresh.run("python -m pip wheel -q --no-deps -w dist .", "hello-header")

    (path,) = (fresh.folder / "hello-header" / "dist").glob("*.whl")
    wheel = zipfile.ZipFile(path)
    about = "hello_header-0.1.0.dist-info"
    assert {name for name in wheel.namelist() if not name.startswith(about)} == {
        "hello_header/__init__.py",
        "hello_header/metrics.py",
        "hello_header/middleware.py",
        "hello_header/py.typed",
    }
    assert wheel.read(f"{about}/entry_points.txt").decode().splitlines() == [
        "[marty.plugins]",
        "hello-header = hello_header.middleware:HelloHeaderPlugin",
        "hello-header-metrics = hello_header.metrics",
    ]
    metadata = wheel.read(f"{about}/METADATA").decode()
    assert "Author: Ada\n" in metadata
    assert "License" not in metadata


@pytest.fixture
def serving(fresh: Fresh, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A client of a service that really serves, in a process of its own."""
    command = ["marty", "run", f"{request.param}.service:app", "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=fresh.folder / request.param,
        env=fresh.variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    late = threading.Timer(30, process.kill)
    late.start()
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"serves (http://\S+)", line):
            break
    else:
        raise AssertionError(f"it does not serve:\n{said}")
    with httpx2.Client(base_url=found[1]) as client:
        yield client
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    late.cancel()
    assert process.returncode == 0


@pytest.mark.parametrize("serving", ["shop", "till"], indirect=True)
def test_the_service_answers_with_its_own_plugin_and_the_installed_one(
    serving: httpx2.Client,
) -> None:
    answer = serving.get("/hello/ada")

    assert answer.json() == {"hello": "ada"}
    assert float(answer.headers["x-seconds"]) >= 0
    assert answer.headers["x-served-by"] in ("shop", "till")
    assert serving.get("/health/ready").status_code == 200
