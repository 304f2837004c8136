"""Real processes: `marty run`, with workers too, and uvicorn by itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ...cli.conftest import Process

pytestmark = pytest.mark.slow

SERVICE = """
from loguru import logger
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def home(request):
    logger.info("at home")
    if "boom" in request.query_params:
        raise ValueError("told to")
    return PlainTextResponse("home")


app = Starlette(routes=[Route("/", home)])
"""
CONFIG = """
service: {name: orders, version: "1.2"}
management: {token: the-operators-secret-token}
plugins:
  entry_points: none
  request-tracing:
  structured-logging: %s
"""
THEIRS = {
    "X-Correlation-ID": "theirs",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
IDS = {"correlation_id": "theirs", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start a service with this section of structured-logging: `run("{}", "run", "service:app")`."""
    started: list[Process] = []

    def begin(section: str, *args: object) -> Process:
        (tmp_path / "service.py").write_text(SERVICE)
        (tmp_path / "config.yaml").write_text(CONFIG % section)
        started.append(Process(args, tmp_path))
        return started[-1]

    yield begin
    for process in started:
        process.end()


def parted(text: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Lines for people, and lines of JSON."""
    lines = text.splitlines()
    return (
        [line for line in lines if not line.startswith("{")],
        [json.loads(line) for line in lines if line.startswith("{")],
    )


def test_all_that_a_service_says_while_it_serves_is_json_with_the_ids_of_its_requests(
    run: Callable[..., Process],
) -> None:
    process = run("{}", "run", "service:app", "--access-log", "--port", 0)
    url = process.said(r'"serves (http://[^"]+)"')[1]

    assert httpx2.get(f"{url}/?token=abc", headers=THEIRS).headers["x-correlation-id"] == "theirs"
    assert httpx2.get(f"{url}/?boom=1", headers=THEIRS).status_code == 500
    process.said("Exception in ASGI application")
    process.end()

    text, lines = parted(process.err)
    by = {line["message"]: line for line in lines}
    access = next(line for line in lines if line["logger"] == "uvicorn.access")
    assert access["message"].endswith('"GET /?token=*** HTTP/1.1" 200')
    assert IDS.items() <= access.items()
    assert IDS.items() <= by["at home"].items()
    failed = next(line for line in lines if "Exception in ASGI" in line["message"])
    assert failed["exception_type"] == "ValueError"
    assert "correlation_id: theirs" in failed["exception_stack"]
    assert {(line["service"], line["version"]) for line in lines} == {("orders", "1.2")}
    said = Counter(line["message"] for line in lines if line["logger"] != "service")
    assert said["Application startup complete."] == said["plugin.started"] / 2 == 1
    # What was before it, and after it, is for people; nothing is both.
    assert len(text) < 12, process.err
    assert not any(message in line for line in text for message in by if len(message) > 20)
    assert any("Application shutdown complete." in line for line in text)


def test_each_worker_has_a_file_of_its_own(run: Callable[..., Process], tmp_path: Path) -> None:
    section = '{destination: "log-{pid}.json", rotation: 1 MB}'
    process = run(section, "run", "service:app", "--workers", 2, "--port", 0)
    url = process.said(r"serves (http://\S+)")[1]
    process.said(r"(?s)serves.*serves")
    for _ in range(20):
        assert httpx2.get(url).text == "home"
    process.end()

    files = list(tmp_path.glob("log-*.json"))
    found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert len(files) == 2
    assert sum(line["message"] == "at home" for line in found) == 20
    assert {line["pid"] for line in found} == {int(file.stem[4:]) for file in files}


def test_workers_that_would_rotate_one_file_say_what_to_do(run: Callable[..., Process]) -> None:
    process = run(
        "{destination: log.json, rotation: 1 MB}",
        *("run", "service:app", "--workers", 2, "--port", 0),
    )

    place = r"config\.yaml:\d+:\d+ plugins\.structured-logging\.destination"
    assert process.said(rf"{place}: several processes cannot rotate one file\. Write {{pid}}")
    assert httpx2.get(process.said(r"serves (http://\S+)")[1]).text == "home", "without it"


def test_several_workers_append_whole_lines_to_one_file(
    run: Callable[..., Process], tmp_path: Path
) -> None:
    process = run("{destination: log.json}", "run", "service:app", "--workers", 2, "--port", 0)
    url = process.said(r"serves (http://\S+)")[1]
    with httpx2.Client() as client:
        for _ in range(50):
            client.get(url)
    process.end()

    found = [json.loads(line) for line in (tmp_path / "log.json").read_text().splitlines()]
    assert sum(line["message"] == "at home" for line in found) == 50
    assert len({line["pid"] for line in found}) == 2


def test_under_uvicorn_by_itself_its_lines_are_there_too(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG % "{destination: log.json}")
    (tmp_path / "service.py").write_text(
        SERVICE + "\nfrom marty_chassis import Chassis\nasgi = Chassis('config.yaml').wrap(app)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "service:asgi", "--port", "0"],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join([str(tmp_path), *sys.path]), "PATH": ""},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stderr is not None
        url = next(
            found[0] for line in process.stderr if (found := re.search(r"http://[\d.:]+", line))
        )
        assert httpx2.get(url, headers=THEIRS).text == "home"
    finally:
        process.terminate()
        process.communicate(timeout=30)

    lines = [json.loads(line) for line in (tmp_path / "log.json").read_text().splitlines()]
    access = next(line for line in lines if line["logger"] == "uvicorn.access")
    assert IDS.items() <= access.items()
    assert len([line for line in lines if line["message"] == access["message"]]) == 1
