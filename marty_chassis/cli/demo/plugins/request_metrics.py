"""Counts answers by their status: 2xx, 4xx, 5xx."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from marty_chassis.plugins import IMetricsPlugin, plugin
from marty_hookspecs import MetricDefinition, Request, Response, hookimpl


@plugin(
    name="request-metrics",
    version="1.0.0",
    description="How many answers of which status",
    failure_policy="open",
)
class RequestMetrics(IMetricsPlugin):
    """Looks at each answer on its way out; the figures are at /plugins/metrics."""

    def __init__(self) -> None:
        self.answers = Counter({"2xx": 0, "4xx": 0, "5xx": 0})

    @hookimpl
    async def middleware_post_response(self, response: Response, request: Request) -> None:
        self.answers[f"{response.status_code // 100}xx"] += 1

    async def collect_metrics(self) -> Mapping[str, float]:
        return {f"demo_answers_{status}": count for status, count in self.answers.items()}

    def get_metric_definitions(self) -> Mapping[str, MetricDefinition]:
        return {
            f"demo_answers_{status}": {
                "type": "counter",
                "description": f"Answers with a status of {status}",
            }
            for status in self.answers
        }
