"""How much is ordered: a figure from events."""

from collections.abc import Mapping
from typing import Any

from marty_chassis.plugins import IEventHandlerPlugin, IMetricsPlugin, plugin
from marty_hookspecs import MetricDefinition


@plugin(name="orders", version="1.0.0", description="Counts what is ordered.")
class Orders(IEventHandlerPlugin, IMetricsPlugin):
    def __init__(self) -> None:
        self.pieces = 0

    def export_state(self) -> int:
        return self.pieces

    def import_state(self, state: int) -> None:
        self.pieces = state

    def get_event_subscriptions(self) -> Mapping[str, str]:
        return {"order.placed": "count"}

    async def count(self, event_data: Any) -> None:
        self.pieces += event_data["count"]

    async def collect_metrics(self) -> Mapping[str, float]:
        return {"storefront_ordered_pieces": self.pieces}

    def get_metric_definitions(self) -> Mapping[str, MetricDefinition]:
        return {
            "storefront_ordered_pieces": {
                "type": "counter",
                "description": "Pieces that were ordered",
            }
        }
