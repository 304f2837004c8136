"""Several real processes of one service: whichever is asked, the answer is that of all of them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest

from ...programs import program
from ...web.workers.processes import TOKEN, Workers, project
from .conftest import OPENMETRICS, Scraped

pytestmark = pytest.mark.slow

CONFIG = """
    plugins:
      directories: [./plugins]
      custom-metrics: {collection_interval: 1}
    """

PLUGIN = """
    from marty_chassis.plugins import IPlugin, plugin

    @plugin(name="shop", failure_policy="open")
    class Shop(IPlugin):
        async def initialize(self, context):
            from prometheus_client import Counter, Gauge
            Counter("starts", "Starts.", registry=context.metrics.registry).inc()
            Gauge("tables", "Tables.", registry=context.metrics.registry).set(4)
    """


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """Three of them, ended at the end."""
    with TemporaryDirectory(prefix="m") as runtime:
        project(tmp_path, **{"config.yaml": CONFIG, "plugins/shop.py": PLUGIN})
        (tmp_path / "plugins" / "headers.py").unlink()
        workers = Workers(
            tmp_path, Path(runtime).resolve(), "marty_chassis.cli", "run", "service:app",
            "--workers", 3, "--port", 0,
        )  # fmt: skip
        try:
            workers.url = workers.said(r"serves (http://\S+)$")[1]
            yield workers
        finally:
            workers.end()


class Load:
    """Requests, each on a connection of its own, and how many there were."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.asked = 0

    def ask(self, times: int) -> set[int]:
        """Ask so often; gives who answered."""
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: self._workers.get(), range(times)))
        assert {answer.status_code for answer in answers} == {200}
        self.asked += times
        return {int(answer.text) for answer in answers}

    def ask_each_of(self, pids: set[int]) -> None:
        """Ask until every one of these has answered."""
        seen = set[int]()
        while not seen >= pids:
            seen |= self.ask(10)


def scrape(workers: Workers) -> Scraped:
    answer = httpx2.get(
        f"{workers.url}/metrics", headers={**TOKEN, "accept": OPENMETRICS}, timeout=40
    )
    assert answer.status_code == 200, answer.text
    return Scraped(answer.text)


def totals(workers: Workers) -> set[float]:
    """What several scrapes, which several of them answer, say about all requests."""
    return {sum(scrape(workers).of("http_requests_total")) for _ in range(6)}


def test_requests_of_all_processes_are_in_the_answer_and_stay_when_one_of_them_dies(
    workers: Workers,
) -> None:
    load, pids = Load(workers), workers.together(3)
    load.ask_each_of(pids)

    # Whoever answers says the same.
    assert totals(workers) == {load.asked}
    seen = scrape(workers)
    assert seen.names("worker") == {str(pid) for pid in pids}
    assert seen.of("http_requests_in_progress", method="GET") == [0] * 3
    assert seen.of("tables", plugin="shop") == [4] * 3
    assert seen("starts_total", plugin="shop") == 3
    assert seen.of("marty_worker_answered") == [1] * 3

    text = workers.get("/metrics").text
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)

    # One is killed: what was shown stays, also when another takes its place.
    killed = min(pids)
    os.kill(killed, signal.SIGKILL)
    assert totals(workers) == {load.asked}
    after = workers.together(3, without=killed)
    assert totals(workers) == {load.asked}
    load.ask_each_of(after)
    assert totals(workers) == {load.asked}
    seen = scrape(workers)
    assert seen("starts_total", plugin="shop") == 4
    assert seen.names("worker") == {str(pid) for pid in after}

    # Reloaded in all of them: what a plugin counts anew goes on.
    for plugin in ("custom-metrics", "shop"):
        assert workers.post(f"/plugins/{plugin}/reload").status_code == 200
    assert totals(workers) == {load.asked}
    assert scrape(workers)("starts_total", plugin="shop") == 4

    # One that is told to end has the last word.
    load.ask_each_of(after)
    ended = max(after)
    os.kill(ended, signal.SIGTERM)
    workers.until(lambda: ended not in workers.sockets(), "it has ended")
    assert totals(workers) == {load.asked}

    # Nothing is left behind.
    assert workers.end() == 0
    assert [path for path in workers.runtime.rglob("*") if path.is_file()] == []
    assert "Traceback" not in workers.err
