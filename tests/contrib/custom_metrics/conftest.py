"""A service with custom-metrics, and what it shows to who scrapes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from marty_chassis.contrib.custom_metrics import CustomMetrics
from marty_chassis.testing import PluginHost

Host = Callable[..., PluginHost]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def metered(plugin_host: Callable[..., PluginHost]) -> Host:
    """`async with metered(collection_interval=1) as host:`; `app=` and so on as for the host."""
    ours = {"app", "neighbours", "settings", "plugins", "clock"}

    def make(**given: Any) -> PluginHost:
        of_host = {key: given.pop(key) for key in ours & given.keys()}
        plugins = of_host.pop("plugins", ())
        return partial(plugin_host, CustomMetrics, *plugins)(config=given, **of_host)

    return make


class Scraped:
    """What was shown, read by prometheus_client's own parser."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {one.name: one for one in text_string_to_metric_families(text)}
        self.samples = [sample for one in self.families.values() for sample in one.samples]

    def of(self, name: str, **labels: str) -> list[float]:
        """The values of all samples of a name that have these labels."""
        return [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def __call__(self, name: str, **labels: str) -> float | None:
        """The value of the one sample of a name that has these labels; None where there is none."""
        found = self.of(name, **labels)
        assert len(found) < 2, f"several {name} have {labels}"
        return found[0] if found else None

    def names(self, label: str) -> set[str]:
        """All values of a label."""
        return {sample.labels[label] for sample in self.samples if label in sample.labels}


async def scrape(client: httpx2.AsyncClient) -> Scraped:
    """Ask as Prometheus does."""
    answer = await client.get("/metrics", headers={"accept": OPENMETRICS})
    assert answer.status_code == 200, answer.text
    return Scraped(answer.text)


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until this gives something, and give it."""
    with anyio.fail_after(5):
        while not (found := await look()):
            await anyio.sleep(0.005)
    return found
