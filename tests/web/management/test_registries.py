"""What plugins have in a Prometheus registry of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client.core import GaugeMetricFamily, Metric

from marty_chassis.errors import MissingExtra
from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin, PluginContext, plugin

from .conftest import Make, Service
from .test_prometheus import lines


@plugin(name="shop", failure_policy="open")
class Shop(IPlugin):
    """Registers what it was given."""

    def __init__(self, fill: Callable[[Any], object]) -> None:
        self.fill = fill

    async def initialize(self, context: PluginContext) -> None:
        self.fill(context.metrics.registry)


@plugin(name="store")
class Store(Shop):
    pass


class Collector:
    """Gives what it was given."""

    def __init__(self, *metrics: Any) -> None:
        self.metrics = metrics

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Any]:
        yield from self.metrics


def family(name: Any, value: Any = 1.0, labels: Any = None, sample: Any = None) -> Metric:
    """A family with one sample, of anything."""
    found = Metric("right", "Right.", "gauge")
    found.name = name
    found.add_sample(name if sample is None else sample, labels or {}, value)
    return found


def orders(registry: Any) -> None:
    made = Counter("orders", "Orders.", ["kind"], registry=registry)
    made.labels("express").inc(3)


async def families(service: Service) -> dict[str, Any]:
    answer = await service.get("/plugins/metrics")
    return {one["name"]: one for one in answer.json()["families"]}


async def test_every_kind_of_metric_is_shown_with_its_plugin(make: Make) -> None:
    def fill(registry: Any) -> None:
        orders(registry)
        Gauge("tables", "Tables.", registry=registry).set(4)
        Histogram("wait_seconds", "Waiting.", buckets=[1], registry=registry).observe(0.5)
        Summary("size_bytes", "Sizes.", registry=registry).observe(7)
        Info("build", "Build.", registry=registry).info({"rev": "abc"})
        Enum("mood", "Mood.", states=["good", "bad"], registry=registry).state("bad")

    service = await make(Shop(fill))

    found = await lines(service)

    assert 'orders_total{kind="express",plugin="shop"} 3.0' in found
    assert 'tables{plugin="shop"} 4.0' in found
    assert "# TYPE wait_seconds histogram" in found
    assert 'wait_seconds_bucket{le="1.0",plugin="shop"} 1.0' in found
    assert 'wait_seconds_bucket{le="+Inf",plugin="shop"} 1.0' in found
    assert 'wait_seconds_count{plugin="shop"} 1.0' in found
    assert 'size_bytes_sum{plugin="shop"} 7.0' in found
    assert 'build_info{plugin="shop",rev="abc"} 1.0' in found
    assert 'mood{mood="bad",plugin="shop"} 1.0' in found
    assert not [line for line in found if "_created" in line]
    json = await families(service)
    assert {"name": "wait_seconds_sum", "labels": {"plugin": "shop"}, "value": 0.5} in json[
        "wait_seconds"
    ]["samples"]


async def test_two_plugins_of_one_name_are_one_family(make: Make) -> None:
    service = await make(Shop(orders), Store(orders))

    found = await lines(service)

    assert found.count("# TYPE orders_total counter") == 1
    assert 'orders_total{kind="express",plugin="shop"} 3.0' in found
    assert 'orders_total{kind="express",plugin="store"} 3.0' in found


async def test_a_label_that_is_ours_is_renamed_as_prometheus_does(make: Make) -> None:
    def fill(registry: Any) -> None:
        Gauge("seen", "Seen.", ["plugin"], registry=registry).labels("other").set(1)

    service = await make(Shop(fill))

    assert 'seen{exported_plugin="other",plugin="shop"} 1.0' in await lines(service)


@pytest.mark.parametrize("name", ["wait_seconds", "wait_seconds_count", "wait_seconds_created"])
async def test_types_that_conflict_are_a_figure_and_left_out(make: Make, name: str) -> None:
    def waits(registry: Any) -> None:
        Histogram("wait_seconds", "Waiting.", registry=registry)

    service = await make(
        Shop(waits), Store(lambda registry: Gauge(name, "Mine.", registry=registry))
    )

    found = await lines(service)

    assert not [line for line in found if line.startswith("wait") and 'plugin="store"' in line]
    assert 'marty_metrics_problems{plugin="store"} 1.0' in found
    assert 'marty_metrics_problems{plugin="shop"} 0.0' in found
    answer = (await service.get("/plugins/metrics")).json()
    assert "is something else already" in answer["plugins"]["store"]["problems"][0]
    assert service.faults.count("store") > 0


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ("no metric", "AttributeError"),
        (family("x" * 201), "a name is no text of 1 to 200"),
        (family(""), "a name is no text"),
        (family(7), "TypeError"),
        (family("a", value="many"), "ValueError"),
        (family("a", value=None), "TypeError"),
        (family("a", labels={"": "x"}), "IndexError"),
        (family("a", labels=3), "AttributeError"),
        (family("a", sample="b"), "b is no sample of the gauge a"),
        (family("a", sample="a_bucket"), "a_bucket is no sample of the gauge a"),
    ],
)
async def test_nonsense_is_a_fault_and_the_rest_is_shown(make: Make, metric: Any, why: str) -> None:
    def fill(registry: Any) -> None:
        orders(registry)
        registry.register(Collector(metric))

    service = await make(Shop(fill))

    found = await lines(service)

    assert 'orders_total{kind="express",plugin="shop"} 3.0' in found
    assert why in str(service.faults.recent("shop")[-1])


async def test_a_collector_that_raises_spoils_no_other_plugin(make: Make) -> None:
    class Raises(Collector):
        def collect(self) -> Iterator[Any]:
            raise SystemExit(3)

    service = await make(
        Shop(lambda registry: registry.register(Raises())), Store(orders), start=True
    )

    found = await lines(service)

    assert 'orders_total{kind="express",plugin="store"} 3.0' in found
    assert 'marty_metrics_problems{plugin="shop"} 1.0' in found
    assert "SystemExit" in str(service.faults.recent("shop")[-1])


async def test_what_is_strange_is_made_what_prometheus_reads(make: Make) -> None:
    def fill(registry: Any) -> None:
        strange = GaugeMetricFamily("café:tables", "Two\nlines \udc80", labels=["größe", "b"])
        strange.add_metric(['x"}\n# TYPE evil counter', "\udc80"], float("nan"))
        registry.register(Collector(strange))
        Gauge("far", "Far.", registry=registry).set(float("-inf"))

    service = await make(Shop(fill))

    found = await lines(service)

    assert [line for line in found if line.startswith("caf__tables{")] == [
        r'caf__tables{b="\\udc80",gr__e="x\"}\n# TYPE evil counter",plugin="shop"} NaN'
    ]
    assert "far" in "".join(found)
    json = await families(service)
    assert [one["value"] for one in json["far"]["samples"]] == [None]
    assert service.faults.counts == {}


async def test_it_is_gone_with_its_generation_and_never_a_duplicate(make: Make) -> None:
    service = await make(type("Made", (Shop,), {"__init__": lambda self: setup(self)}))
    first = await lines(service)

    for _ in range(3):
        assert not (await service.manager.reload("shop")).rolled_back
    again = await lines(service)
    await service.manager.disable("shop", force=True)

    assert 'orders_total{kind="express",plugin="shop"} 3.0' in first
    assert 'orders_total{kind="express",plugin="shop"} 3.0' in again
    assert not [line for line in await lines(service) if line.startswith("orders")]
    assert service.manager.supervisor.pending() == {}


def setup(shop: Any) -> None:
    shop.fill = orders
    shop.plugin_metadata = Shop.plugin_metadata


async def test_without_the_extra_the_error_names_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    service = await make(Shop(orders))

    status = service.supervisor.status_of("shop")

    assert status.state is State.ERROR
    assert "context.metrics.registry needs prometheus_client" in status.reason
    assert str(MissingExtra("x", "y", "metrics")).endswith('"marty-chassis[metrics]"')
