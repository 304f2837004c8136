"""Several processes of one service: what is done to a plugin in one of them is done in all."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from .processes import OPEN, TOKEN, Workers, project, results, write_plugin

pytestmark = pytest.mark.slow

Start = Callable[..., Workers]


@pytest.fixture
def start(tmp_path: Path, runtime: Path) -> Iterator[Start]:
    """Start a service of several processes; whatever still runs at the end is ended."""
    started: list[Workers] = []

    def marty(count: int = 3, target: str = "service:app", **env: str) -> Workers:
        workers = Workers(
            tmp_path, runtime, "marty_chassis.cli", "run", target, "--workers", count, "--port", 0,
            **env,
        )  # fmt: skip
        started.append(workers)
        workers.url = workers.said(r"serves (http://\S+)$")[1]
        return workers

    def uvicorn(count: int = 3, **env: str) -> Workers:
        workers = Workers(
            tmp_path, runtime, "uvicorn", "service:app", "--workers", count, "--port", 0, **env
        )
        started.append(workers)
        workers.url = workers.said(r"Uvicorn running on (http://\S+)")[1]
        return workers

    def starting(server: str, **more: str) -> Workers:
        return (marty if server == "marty" else uvicorn)(**more)  # type: ignore[arg-type]

    yield starting
    for workers in started:
        workers.end()


@pytest.mark.parametrize("server", ["marty", "uvicorn"])
def test_the_whole_life_of_a_service_of_three_processes(
    start: Start, server: str, tmp_path: Path, runtime: Path
) -> None:
    project(tmp_path)
    workers = start(server)
    pids = workers.together(3)
    assert workers.get("/plugins/status").json()["service"]["workers"] == sorted(pids)
    assert workers.versions(pids) == {"one"}

    # A new version, reloaded in one of them.
    write_plugin(tmp_path, "two", OPEN)
    digest = hashlib.sha256((tmp_path / "plugins/headers.py").read_bytes()).hexdigest()
    reloaded = workers.post("/plugins/headers/reload")
    assert reloaded.status_code == 200
    found = results(reloaded)
    assert set(found) == pids
    assert {(one["ok"], one["generation"], one["sha256"]) for one in found.values()} == {
        (True, 2, digest)
    }
    assert workers.versions(pids) == {"two"}

    # A broken version: the one that is asked rolls back, and nobody else is bothered.
    (tmp_path / "plugins/headers.py").write_text("def broken(:")
    refused = workers.post("/plugins/headers/reload")
    assert refused.status_code == 422
    assert [one["rolled_back"] for one in refused.json()["workers"]] == [True]
    assert workers.versions(pids) == {"two"}
    write_plugin(tmp_path, "two", OPEN)

    # Disabled in all of them, and in the one that takes the place of one that was killed.
    disabled = workers.post("/plugins/headers/disable")
    assert disabled.status_code == 200
    assert {one["ok"] for one in results(disabled).values()} == {True}
    killed = min(pids)
    os.kill(killed, signal.SIGKILL)
    after = workers.together(3, without=killed)
    assert workers.versions(after) == {None}

    # Enabled again, the new one among them; the socket of the dead one is gone.
    enabled = workers.post("/plugins/headers/enable")
    assert set(results(enabled)) == after
    assert {one["generation"] for one in results(enabled).values()} == {3}
    assert workers.versions(after) == {"two"}
    assert workers.sockets() == after

    # Nothing is left behind.
    assert workers.end() == 0
    assert list(runtime.glob("marty/*")) == []
    assert "Traceback" not in workers.err


def test_orders_to_several_workers_at_once_converge_whatever_else_is_said(
    start: Start, tmp_path: Path, runtime: Path
) -> None:
    project(tmp_path)
    workers = start("marty")
    pids = workers.together(3)
    write_plugin(tmp_path, "two", OPEN)
    (folder,) = runtime.glob("marty/*")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.bind(str(folder / "1.sock"))
        for pid in pids:
            stranger.sendto(b"\xff garbage", str(folder / f"{pid}.sock"))

    # Each on a connection of its own, so that several workers are asked.
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: workers.post("/plugins/headers/reload"), range(6)))
    last = workers.post("/plugins/headers/reload")

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    assert len({one["generation"] for one in results(last).values()}) == 1
    assert workers.versions(pids) == {"two"}
    assert workers.sockets() == pids


def test_a_worker_born_after_an_edit_says_that_it_runs_something_else(
    start: Start, tmp_path: Path
) -> None:
    project(tmp_path)
    workers = start("marty", count=2)
    pids = workers.together(2)
    workers.post("/plugins/headers/reload")

    write_plugin(tmp_path, "two", OPEN)
    os.kill(min(pids), signal.SIGKILL)
    after = workers.together(2, without=min(pids))
    said = workers.said(r"headers this worker runs \S+, the others \S+\. .*$")[0]

    assert "Its source has changed since they read it: reload plugin 'headers'." in said
    assert workers.versions(after) == {"one", "two"}
    assert workers.post("/plugins/headers/reload").status_code == 200
    assert workers.versions(after) == {"two"}


def test_open_streams_end_with_the_processes_and_the_management_api_may_have_its_own_port(
    start: Start, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    config = f"plugins: {{directories: [./plugins]}}\nmanagement: {{listen: '{listen}'}}"
    project(tmp_path, **{"config.yaml": config})
    workers = start("marty", count=2)
    pids = workers.together(2)

    reloaded = httpx2.post(f"http://{listen}/plugins/headers/reload", headers=TOKEN)
    elsewhere = workers.get("/plugins/status")
    with httpx2.stream("GET", f"http://{listen}/plugins/events", headers=TOKEN) as stream:
        lines = stream.iter_lines()
        next(lines)
        workers.process.send_signal(signal.SIGINT)
        for _ in lines:
            pass

    assert set(results(reloaded)) == pids
    assert elsewhere.status_code == 404
    assert workers.end() == 130
    assert "timeout graceful shutdown exceeded" not in workers.err
    assert workers.err.count("headers stopped\n") == 2
    assert workers.sockets() == set()


def test_an_application_that_does_not_start_ends_all_processes(
    start: Start, tmp_path: Path, runtime: Path
) -> None:
    project(tmp_path)
    workers = Workers(
        tmp_path, runtime, "marty_chassis.cli", "run", "service:nothing", "--workers", 2,
        "--port", 0,
    )  # fmt: skip

    assert workers.process.wait(40) == 3
    workers.end()
    assert "it has no 'nothing'" in workers.err
    assert "error: the application did not start" in workers.err
    assert "Traceback" not in workers.err
