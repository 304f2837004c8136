"""A real Prometheus scrapes a real service, and answers with what was counted there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ...docs.page import ROOT, read
from ...programs import program
from ...web.workers.processes import Workers, project
from ..processes import Server, free_port

pytestmark = pytest.mark.slow

CONFIG = """
    plugins:
      directories: [./plugins]
      custom-metrics: {collection_interval: 1, export_format: json}
    """

PLUGIN = """
    from marty_chassis.plugins import IMetricsPlugin, plugin

    @plugin(name="queue")
    class Queue(IMetricsPlugin):
        async def collect_metrics(self):
            return {"jobs": 42, "queue.length": 7}

        def get_metric_definitions(self):
            return {"jobs": {"type": "counter", "description": "Jobs."}}
    """


FILE, TARGET = "/run/secrets/metrics-token", "orders:8000"


def printed() -> str:
    """The configuration that our page shows."""
    page = read(ROOT / "docs" / "plugins" / "custom-metrics.md")
    (found,) = [block.code for block in page.blocks if "scrape_configs" in block.code]
    return found


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Workers]:
    project(tmp_path, **{"config.yaml": CONFIG, "plugins/queue.py": PLUGIN})
    service = Workers(tmp_path, tmp_path, "marty_chassis.cli", "run", "service:app", "--port", 0)
    try:
        service.url = service.said(r"serves (http://\S+)$")[1]
        yield service
    finally:
        service.end()


@pytest.fixture
def prometheus(tmp_path: Path, service: Workers) -> Iterator[Server]:
    """One with its own configuration and data, which scrapes the service."""
    port, token, config = free_port(), tmp_path / "token", tmp_path / "prometheus.yml"
    token.write_text("secret")
    text = printed()
    assert (FILE in text, TARGET in text) == (True, True)
    text = text.replace(FILE, str(token)).replace(TARGET, service.url.removeprefix("http://"))
    config.write_text(f"global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n{text}")
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    server = Server(command, port, tmp_path / "prometheus.log")
    try:
        yield server.start()
    finally:
        server.kill()


def test_prometheus_answers_with_what_the_service_has_counted(
    service: Workers, prometheus: Server
) -> None:
    for _ in range(5):
        assert service.get("/").status_code == 200
    assert service.get("/nowhere").status_code == 404

    def asked(query: str) -> float | None:
        answer = httpx2.get(f"{prometheus.url}/api/v1/query", params={"query": query}).json()
        found = answer["data"]["result"] if answer["status"] == "success" else []
        return float(found[0]["value"][1]) if found else None

    def comes_to(query: str, value: float) -> None:
        service.until(lambda: asked(query) == value, f"{query} is {value}")

    comes_to("sum(http_requests_total)", 6)
    comes_to('http_requests_total{method="GET",route="unmatched",status="404"}', 1)
    comes_to("sum(http_request_duration_seconds_count)", 6)
    comes_to('http_request_duration_seconds_bucket{le="+Inf",route="unmatched"}', 1)
    comes_to('jobs_total{plugin="queue"}', 42)
    comes_to('queue_length{plugin="queue"}', 7)
    comes_to('marty_plugin_state{plugin="custom-metrics",state="started"}', 1)
    comes_to("sum(up)", 1)
