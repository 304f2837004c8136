"""Requests in figures, a plugin's figures, and a histogram that a plugin keeps: one /metrics.

Run it:
    python examples/custom_metrics/service.py

Prints:
    http_requests_total{method="GET",plugin="custom-metrics",route="/dishes/{dish}",status="200"} 3.0
    http_requests_total{method="GET",plugin="custom-metrics",route="unmatched",status="404"} 1.0
    kitchen_cooks{plugin="kitchen"} 2.0
    kitchen_dishes_total{plugin="kitchen"} 3.0
    kitchen_minutes_bucket{dish="soup",le="+Inf",plugin="kitchen"} 3.0
    kitchen_minutes_bucket{dish="soup",le="10.0",plugin="kitchen"} 0.0
    kitchen_minutes_bucket{dish="soup",le="30.0",plugin="kitchen"} 3.0
    kitchen_minutes_count{dish="soup",plugin="kitchen"} 3.0
    kitchen_minutes_sum{dish="soup",plugin="kitchen"} 60.0
"""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import Histogram

from marty_chassis import create_fastapi_app
from marty_chassis.plugins import IMetricsPlugin, PluginContext, plugin

TOKEN = "for-this-example-alone"


@plugin(name="kitchen", version="1.0.0")
class Kitchen(IMetricsPlugin):
    """Counts dishes by itself, knows how many cooks there are, and keeps a histogram."""

    async def initialize(self, context: PluginContext) -> None:
        self.dishes = context.metrics.counter("kitchen_dishes", "Dishes that were cooked.")
        self.minutes = Histogram(
            "kitchen_minutes",
            "How long dishes took.",
            ["dish"],
            buckets=[10, 30],
            registry=context.metrics.registry,
        )

    async def collect_metrics(self) -> dict[str, float]:
        return {"kitchen_cooks": 2}

    def cook(self, dish: str) -> None:
        self.dishes.inc()
        self.minutes.labels(dish).observe(20)


def service() -> FastAPI:
    os.environ["MARTY_MANAGEMENT__TOKEN"] = TOKEN  # A real one comes from outside.
    app = create_fastapi_app(Path(__file__).parent / "config.yaml", plugins=[Kitchen])

    @app.get("/dishes/{dish}")
    def cook(dish: str) -> str:
        app.state.chassis.plugins["kitchen"].cook(dish)
        return dish

    return app


app = service()

if __name__ == "__main__":
    with TestClient(app) as client:
        for path in ("/dishes/soup", "/dishes/soup", "/dishes/soup", "/cellar"):
            client.get(path)
        client.headers["authorization"] = f"Bearer {TOKEN}"
        for line in sorted(client.get("/metrics").text.splitlines()):
            if line.startswith(("http_requests_total", "kitchen")):
                print(line)
