"""The figures of a service of several workers: counted ones added up, others with their worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import anyio
import httpx2
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from marty_chassis.plugins import IPlugin, PluginContext, plugin
from marty_chassis.web.management.families import Family, Sample, counter, gauge
from marty_chassis.web.management.together import Note

from .conftest import Employ, Worker
from .managed import managed
from .test_notes import kill

OWN = {"plugin": "shop"}


@plugin(name="shop", failure_policy="open")
class Shop(IPlugin):
    async def initialize(self, context: PluginContext) -> None:
        context.metrics.counter("orders", "Orders.").inc(3)
        context.metrics.gauge("tables", "Tables.").set(2)


class Figures:
    """What another worker has."""

    def __init__(self) -> None:
        self.counted: list[Family] = [counter("orders_total", "Orders.", [Sample(OWN, 10)])]
        self.now: list[Family] = [gauge("tables", "Tables.", [Sample(OWN, 4)])]
        self.present = frozenset({"orders_total", "old_total"})
        self.hangs = False

    async def write(self) -> bytes:
        if self.hangs:
            await anyio.sleep_forever()
        return Note(self.present, self.counted, self.now).written()

    def merge(self, gone: Sequence[bytes]) -> bytes:
        raise AssertionError("the other one does that")


@pytest.fixture
async def other(employ: Employ) -> Worker:
    """The other worker of this service, with figures."""
    worker = await employ(12, begin=False)
    await worker.close()
    worker.scribe = Figures()
    await worker.open("shop", None)
    await worker.begin()
    return worker


@pytest.fixture
async def client(environ: dict[str, str], other: Worker) -> AsyncIterator[httpx2.AsyncClient]:
    """The management API of a real one, with the plugin above."""
    async with managed(environ, [Shop]) as client:
        yield client


async def scrape(client: httpx2.AsyncClient) -> dict[str, float]:
    """Each figure, by its name and the values of its labels."""
    accept = "application/openmetrics-text; version=1.0.0"
    answer = await client.get("/metrics", headers={"accept": accept})
    assert answer.status_code == 200, answer.text
    return {
        " ".join(
            [sample.name, *(sample.labels[key] for key in sorted(sample.labels))]
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_what_is_counted_is_added_up_and_the_rest_has_its_worker(
    client: httpx2.AsyncClient,
) -> None:
    seen = await scrape(client)

    assert seen["orders_total shop"] == 13
    assert (seen["tables shop 11"], seen["tables shop 12"]) == (2, 4)
    assert (seen["marty_worker_answered 11"], seen["marty_worker_answered 12"]) == (1, 1)
    assert seen["marty_plugin_reloads_total shop"] == 0


async def test_json_has_the_sums_beside_what_the_plugins_gave_here(
    client: httpx2.AsyncClient,
) -> None:
    answer = (await client.get("/plugins/metrics")).json()

    families = {family["name"]: family["samples"] for family in answer["families"]}
    assert families["orders_total"] == [{"name": "orders_total", "labels": OWN, "value": 13}]
    assert answer["plugins"]["shop"]["metrics"] == {"orders": 3, "tables": 2}
    assert "marty_worker_answered" in {family["name"] for family in answer["chassis"]}


async def test_who_has_ended_is_in_the_sum_and_nowhere_else(
    client: httpx2.AsyncClient, other: Worker
) -> None:
    await scrape(client)

    kill(other)
    seen = [await scrape(client) for _ in range(2)]

    for one in seen:
        assert one["orders_total shop"] == 13
        assert {name for name in one if name.startswith("tables")} == {"tables shop 11"}
        assert {name for name in one if name.startswith("marty_worker")} == {
            "marty_worker_answered 11"
        }


async def test_who_does_not_answer_is_in_the_sum_and_nowhere_else(
    client: httpx2.AsyncClient, other: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marty_chassis.web.workers.noting.SOON", 0.05)
    await scrape(client)

    figures(other).hangs = True
    seen = await scrape(client)

    assert seen["orders_total shop"] == 13
    assert "tables shop 12" not in seen
    assert seen["marty_worker_answered 12"] == 0


async def test_what_nobody_has_any_more_is_not_shown_though_it_is_remembered(
    client: httpx2.AsyncClient, other: Worker
) -> None:
    figures(other).counted = [counter("old_total", "Old.", [Sample(OWN, 5)])]
    before = await scrape(client)

    figures(other).present = frozenset()
    after = await scrape(client)

    assert before["old_total shop"] == 5
    assert "old_total shop" not in after


async def test_of_another_type_or_with_a_label_of_ours_it_can_be_read_all_the_same(
    client: httpx2.AsyncClient, other: Worker
) -> None:
    figures(other).now = [
        Family("tables", "unknown", "Tables.", (Sample(OWN, 4),)),
        gauge("cooks", "Cooks.", [Sample({"worker": "ada"}, 1)]),
    ]

    seen = await scrape(client)

    assert {name for name in seen if name.startswith("tables")} == {"tables shop 11"}
    assert seen["cooks ada 12"] == 1


def figures(worker: Worker) -> Any:
    return worker.scribe
