"""`marty demo`: what a newcomer meets, with a real server, every line of it tried."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from marty_chassis.cli.folder import TEMPLATE, made_at

from .conftest import Process

pytestmark = pytest.mark.slow

TOKEN = r'-H "Authorization: Bearer (\S+)"'


class Demo:
    """A demo that runs, and the lines that it prints."""

    def __init__(self, process: Process, folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.url = str(process.said(r"^The demo serves at (\S+)/$")[1])
        process.said(r"^Ctrl-C ends it")
        self.lines: list[str] = re.findall(r"^  (curl .*)$", process.err, re.MULTILINE)

    def curl(self, line: str) -> httpx2.Response:
        """Do what the line would do."""
        words = shlex.split(line)
        headers = [words[at + 1] for at, word in enumerate(words) if word == "-H"]
        return httpx2.request(
            "POST" if "POST" in words else "GET",
            words[-1],
            headers=dict(header.split(": ", 1) for header in headers),
        )

    def line(self, path: str) -> str:
        """The line that asks for this path."""
        return next(line for line in self.lines if line.endswith(self.url + path))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all who only ask."""
    here = tmp_path_factory.mktemp("demo")
    process = Process(("demo", "it", "--port", 0, "--show-token"), here)
    yield Demo(process, here / "it")
    process.end()


def test_every_line_that_it_prints_works(demo: Demo) -> None:
    answers = {line: demo.curl(line) for line in demo.lines}

    assert len(answers) == 11
    for line, answer in answers.items():
        assert answer.status_code == 200, f"{line}: {answer.text}"


def test_the_middleware_leaves_its_headers(demo: Demo) -> None:
    answer = demo.curl(demo.line("/hello/ada"))

    assert answer.text == "Hello, ada!\n"
    assert len(answer.headers["x-correlation-id"]) == 36
    assert re.fullmatch(r"\d+\.\d\d ms", answer.headers["x-processing-time"])


def test_the_service_hook_leaves_its_tags(demo: Demo) -> None:
    (service,) = demo.curl(demo.line("/")).json()

    assert service["name"] == "demo"
    assert f"http://{service['address']}:{service['port']}" == demo.url
    assert "try-me" in service["tags"]
    assert any(tag.startswith("python-3.") for tag in service["tags"])


def test_metrics_and_health_are_those_of_the_plugins(demo: Demo) -> None:
    metrics = demo.curl(demo.line("/plugins/metrics")).json()
    health = demo.curl(demo.line("/plugins/disk-health/health")).json()

    assert metrics["plugins"]["request-metrics"]["metrics"].keys() == {
        "demo_answers_2xx",
        "demo_answers_4xx",
        "demo_answers_5xx",
    }
    assert health["healthy"] is True
    assert 0 <= health["details"]["free_percent"] <= 100


def test_a_plugin_leaves_and_comes_back_while_the_service_runs(demo: Demo) -> None:
    hello = demo.line("/hello/ada")

    demo.curl(demo.line("/plugins/request-timing/disable"))
    without = demo.curl(hello)
    demo.curl(demo.line("/plugins/request-timing/enable"))
    with_it = demo.curl(hello)

    assert without.status_code == with_it.status_code == 200
    assert "x-correlation-id" not in without.headers
    assert "x-correlation-id" in with_it.headers


def test_nobody_gets_in_without_the_token(demo: Demo) -> None:
    assert httpx2.get(f"{demo.url}/plugins/status").status_code == 401


def test_the_folder_is_a_project_of_its_own(demo: Demo) -> None:
    files = {str(path.relative_to(demo.folder)) for path in demo.folder.rglob("*.*")}

    assert {name for name in files if "__pycache__" not in name} == {
        "app.py",
        "config.yaml",
        "plugins/disk_health.py",
        "plugins/request_metrics.py",
        "plugins/request_timing.py",
        "plugins/service_tagger.py",
    }
    assert f"are in {demo.folder}.\n" in demo.process.err


def test_the_project_needs_no_marty_to_be_served(tmp_path: Path) -> None:
    folder = made_at(tmp_path / "new")
    program = (
        "from starlette.testclient import TestClient; import app\n"
        "with TestClient(app.app) as client: print(client.get('/hello/bob').headers)"
    )

    run = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path[:0] = {[str(folder), *sys.path]!r}\n{program}",
        ],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        cwd=tmp_path,
    )

    assert run.returncode == 0, run.stderr
    assert "x-correlation-id" in run.stdout


def test_the_plugins_are_files_that_a_type_checker_reads() -> None:
    assert sorted(path.name for path in TEMPLATE.iterdir() if path.name != "__pycache__") == [
        "app.py",
        "config.yaml",
        "plugins",
    ]


def test_without_a_terminal_the_token_is_not_shown_and_without_a_folder_one_is_made(
    start: Callable[..., Process], here: Path
) -> None:
    process = start("demo", "--port", 0, TMPDIR=str(here))

    folder = Path(process.said(r"are in (\S+)\.$")[1])
    process.said("^Ctrl-C ends it")
    code = process.end(signal.SIGINT)

    assert folder.parent == here
    assert "is not shown because stderr is no terminal" in process.err
    assert set(re.findall(TOKEN, process.err)) == {"$MARTY_MANAGEMENT__TOKEN"}
    assert code == 130
    assert "Traceback" not in process.err
    assert process.out == ""


def test_a_busy_port_leaves_nothing_behind(start: Callable[..., Process], here: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        process = start("demo", "it", "--port", other.getsockname()[1])

        code = process.wait()

    assert code == 3
    assert "another program listens there" in process.err
    assert "take another port (0 takes a free one): --host and --port" in process.err
    assert list(here.iterdir()) == []


def test_a_token_that_is_there_already_is_kept(start: Callable[..., Process]) -> None:
    process = start("demo", "it", "--port", 0, MARTY_MANAGEMENT__TOKEN="mine-alone")

    url = process.said(r"^The demo serves at (\S+)/$")[1]
    process.said("^Ctrl-C ends it")
    answer = httpx2.get(f"{url}/plugins/status", headers={"Authorization": "Bearer mine-alone"})

    assert answer.status_code == 200
    assert "The token is the one that you configured" in process.err
    assert "mine-alone" not in process.err
