"""What a test gets from pytest, in a project that has nothing but the kit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

AUTHORS_TESTS = """
import pytest
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_chassis.testing import PluginHost

@plugin(name="stamp")
class Stamp(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "seen"
        await self.context.event_bus.publish("stamp.given", request.url.path)
        return response

MARKED
async def test_it_stamps(plugin_host):
    async with plugin_host(Stamp) as host:
        response = await host.client.get("/")

    assert response.headers["x-stamp"] == "seen"

MARKED
async def test_it_says_so(plugin_host, event_recorder, failing_neighbour, fake_clock):
    neighbour = failing_neighbour(phase="start")
    async with plugin_host(Stamp, neighbours=[neighbour], clock=fake_clock) as host:
        event_recorder.record(host.chassis.event_bus, "stamp.*")
        await host.client.get("/here")

        assert (await event_recorder.wait_for("stamp.given")).data == "/here"
        assert host.status("failing-neighbour").phase == "start"

MARKED
async def test_an_application_of_any_kind(asgi_client):
    from starlette.applications import Starlette
    async with asgi_client(Starlette()) as client:
        assert (await client.get("/")).status_code == 404

def test_a_file(plugin_folder):
    assert plugin_folder("a = 1", name="audit").name == "audit.py"
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of somebody else; its pytest is another process, which finds us installed."""
    paths = [path for path in sys.path if path]
    installed = pytester.mkdir("site") / "marty_chassis-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: kit-of-marty\nVersion: 0\n")
    (installed / "entry_points.txt").write_text(
        "[pytest11]\nmarty = marty_chassis.testing.pytest_plugin\n"
    )
    if not marty_is_installed():
        paths.insert(0, str(installed.parent))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    return pytester


def marty_is_installed() -> bool:
    """Whether pytest finds our entry point, as under tox."""
    from importlib.metadata import entry_points

    return bool(entry_points(group="pytest11", name="marty"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ini", "mark"),
    [("[pytest]\nanyio_mode = auto", ""), ("[pytest]", "@pytest.mark.anyio")],
    ids=["auto", "marks"],
)
def test_an_authors_project_runs_on_both_backends_as_it_likes(
    project: pytest.Pytester, ini: str, mark: str
) -> None:
    project.makefile(".ini", pytest=ini)
    project.makepyfile(AUTHORS_TESTS.replace("MARKED", mark))

    result = project.runpytest_subprocess("-W", "error")

    result.assert_outcomes(passed=7)


@pytest.mark.slow
def test_they_can_be_turned_off(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(fake_clock): ...")

    result = project.runpytest_subprocess("-p", "no:marty")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'fake_clock' not found*"])


@pytest.mark.slow
def test_pytest_says_what_they_are(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--fixtures", "-p", "no:anyio")

    result.stdout.fnmatch_lines(
        [f"{name} -- *" for name in ("plugin_host", "plugin_folder", "asgi_client")]
    )


def test_being_loaded_in_every_run_costs_nearly_nothing() -> None:
    heavy = {"starlette", "pydantic", "httpx2", "pluggy", "loguru", "trio", "marty_hookspecs"}
    program = f"""
import sys
sys.path[:] = {sys.path!r}
import pytest
before = set(sys.modules)
import marty_chassis.testing.pytest_plugin
print(*sorted(set(sys.modules) - before))
"""

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True
    )

    brought = run.stdout.split()
    assert not {name.partition(".")[0] for name in brought} & heavy
    assert [name for name in brought if name.startswith("marty")] == [
        "marty_chassis",
        "marty_chassis.testing",
        "marty_chassis.testing.pytest_plugin",
        "marty_chassis.version",
    ]


def test_a_written_file_may_be_indented(plugin_folder, tmp_path: Path) -> None:
    path = plugin_folder(
        """
        a = 1
        if a:
            b = 2
        """
    )

    assert path == tmp_path / "plugins" / "plugin.py"
    assert path.read_text() == "\na = 1\nif a:\n    b = 2\n"
