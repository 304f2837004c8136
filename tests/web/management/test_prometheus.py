"""Figures as Prometheus reads them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any

import pytest
from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read

from marty_chassis.plugins import IEventHandlerPlugin, IMetricsPlugin, plugin

from .conftest import Make, Service
from .test_metrics import Custom, Figures

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@plugin(name="others")
class Others(Figures):
    pass


def counted(description: str = "") -> dict[str, Any]:
    return {"type": "counter", "description": description}


async def lines(service: Service) -> list[str]:
    """The exposition, proved to be one in both forms."""
    plain = await service.get("/metrics")
    assert plain.status_code == 200, plain.text
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert plain.headers["cache-control"] == "no-store"
    names = [family.name for family in read(plain.text)]
    assert len(names) == len(set(names))
    openmetrics = await service.get("/metrics", accept=OPENMETRICS)
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert list(read_openmetrics(openmetrics.text))
    return plain.text.splitlines()


async def test_a_figure_has_its_plugin_and_a_counter_its_total(make: Make) -> None:
    service = await make(Custom)

    found = await lines(service)

    assert 'custom_counter_total{plugin="custom-metrics"} 42.0' in found
    assert "# HELP custom_counter_total Custom counter metric" in found
    assert "# TYPE custom_counter_total counter" in found
    assert 'response_time{plugin="custom-metrics"} 0.125' in found
    assert "# TYPE response_time gauge" in found
    assert "# HELP response_time response_time, which no plugin describes." in found


async def test_both_paths_negotiate(make: Make) -> None:
    service = await make(Custom)

    plain = await service.get("/plugins/metrics", accept="text/plain")
    openmetrics = await service.get("/plugins/metrics", accept=OPENMETRICS)
    usual = await service.get("/metrics", accept="*/*")
    json = await service.get("/metrics", accept="application/json")

    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")
    assert usual.headers["content-type"].startswith("text/plain; version=")
    assert json.json()["plugins"]["custom-metrics"]["metrics"]["custom_counter"] == 42


async def test_what_is_always_there(make: Make) -> None:
    @plugin(name="listens", version="2.1.0")
    class Listens(IEventHandlerPlugin):
        def get_event_subscriptions(self) -> dict[str, str]:
            return {"user.*": "handle_event"}

        async def handle_event(self, event_type: str, event_data: Any) -> None:
            if event_data is None:
                raise RuntimeError("no user")

    service = await make(Listens, Figures({"a": "no number"}))
    bus = service.manager.event_bus
    await bus.publish("user.login", 1, source="test")
    await bus.publish("user.login", None, source="test")
    await bus.drain(1)
    await service.get("/metrics")

    found = await lines(service)

    assert 'marty_plugin_info{generation="1",plugin="listens",version="2.1.0"} 1.0' in found
    assert 'marty_plugin_state{plugin="listens",state="started"} 1.0' in found
    assert 'marty_plugin_state{plugin="listens",state="error"} 0.0' in found
    assert (
        'marty_plugin_faults_total{hook="metrics.collect",kind="ContractError",phase="hook",'
        'plugin="figures"} 2.0'
    ) in found
    assert 'marty_plugin_reloads_total{plugin="listens"} 0.0' in found
    assert 'marty_hook_calls_total{hook="metrics.collect",plugin="figures"} 2.0' in found
    assert any(
        line.startswith('marty_hook_seconds_total{hook="metrics.collect",plugin="figures"} ')
        for line in found
    )
    assert 'marty_events_delivered_total{pattern="user.*",plugin="listens"} 1.0' in found
    assert 'marty_events_failed_total{pattern="user.*",plugin="listens"} 1.0' in found
    assert 'marty_events_dropped_total{pattern="user.*",plugin="listens"} 0.0' in found
    assert 'marty_events_waiting{pattern="user.*",plugin="listens"} 0.0' in found
    assert "marty_stray_tasks 0.0" in found
    assert "marty_ready 1.0" in found


async def test_two_plugins_of_one_name_are_one_family(make: Make) -> None:
    service = await make(
        Figures({"jobs": 1}, {"jobs": counted("Jobs.")}), Others({"jobs": 2, "jobs.total": 3})
    )

    found = await lines(service)

    assert found.count("# TYPE jobs_total counter") == 1
    assert 'jobs_total{plugin="figures"} 1.0' in found
    # Not described by the second one, it is what the first one says.
    assert 'jobs_total{plugin="others"} 2.0' in found


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("queue.length", "queue_length"),
        ("http:requests", "http_requests"),
        ("größe der datei", "gr__e_der_datei"),
        ("9lives", "_9lives"),
        ("__name__", "__name__"),
        ('x"}\n# TYPE evil counter', "x_____TYPE_evil_counter"),
    ],
)
async def test_names_are_made_what_prometheus_reads(make: Make, name: str, shown: str) -> None:
    service = await make(Figures({name: 1}))

    assert f'{shown}{{plugin="figures"}} 1.0' in await lines(service)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (({"jobs": 1}, {"jobs": counted()}), ({"jobs": 2}, {"jobs": {"type": "gauge"}})),
        (({"jobs": 1}, {"jobs": {"type": "gauge"}}), ({"jobs": 2}, {"jobs": counted()})),
        (({"jobs_total": 1}, {}), ({"jobs": 2}, {"jobs": counted()})),
        (({"jobs": 1}, {"jobs": counted()}), ({"jobs_total": 2}, {})),
    ],
)
async def test_types_that_conflict_are_reported_and_left_out(
    make: Make, first: tuple[Any, Any], second: tuple[Any, Any]
) -> None:
    service = await make(Figures(*first), Others(*second))

    found = await lines(service)

    assert [line for line in found if 'plugin="others"' in line and line.startswith("jobs")] == []
    assert [line for line in found if 'plugin="figures"' in line and line.startswith("jobs")]
    assert "is something else already" in service.faults.recent("others")[-1].message


@pytest.mark.parametrize("values", [{"a.b": 1, "a_b": 2}, {"a b": 1, "a-b": 2}])
async def test_two_figures_that_become_one_are_reported(make: Make, values: Any) -> None:
    service = await make(Figures(values))

    found = await lines(service)

    assert 'a_b{plugin="figures"} 1.0' in found
    assert "two figures are called a_b" in service.faults.recent("figures")[-1].message


@pytest.mark.parametrize("name", ["marty_plugin_info", "marty_plugin_faults", "marty_ready"])
async def test_nobody_takes_the_place_of_the_figures_of_the_chassis(make: Make, name: str) -> None:
    service = await make(Figures({name: 99}, {name: counted()} if "faults" in name else {}))

    found = await lines(service)

    assert not [line for line in found if line.endswith(" 99.0")]
    assert "is something else already" in service.faults.recent("figures")[-1].message


async def test_a_description_stays_in_its_line(make: Make) -> None:
    service = await make(Figures({"a": 1}, {"a": counted("One\n# TYPE evil counter\r\\n")}))

    assert r"# HELP a_total One # TYPE evil counter \\n" in await lines(service)


async def test_a_plugin_without_figures_is_no_error(make: Make) -> None:
    service = await make(Figures(None), Others({}, {"unused": counted()}))

    assert not [line for line in await lines(service) if line.startswith("unused")]
    assert service.faults.counts == {}


async def test_the_registry_is_the_services_own(make: Make) -> None:
    first, second = await make(Figures({"mine": 1, "other": 2})), await make()
    Counter("requests", "Requests.", registry=first.management.registry).inc(3)
    Gauge("mine", "Not a plugin's.", registry=first.management.registry)

    assert "requests_total 3.0" in await lines(first)
    assert "requests_total 3.0" not in await lines(second)
    assert not [m for m in REGISTRY.collect() if m.name.startswith(("marty_", "requests"))]
    assert "registry used" in repr(first.management._desk.exposition)
    # A name of its own is nobody else's... but a sample with another label may stand beside it.
    assert "mine 0.0" in await lines(first)
    assert 'mine{plugin="figures"} 1.0' in await lines(first)


@pytest.mark.parametrize("path", ["/metrics", "/plugins/metrics"])
async def test_without_the_extra_the_answer_names_it(
    make: Make, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    service = await make(Custom)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setitem(sys.modules, "prometheus_client.exposition", None)

    response = await service.get(path, accept="text/plain")
    json = await service.get("/plugins/metrics")

    assert response.status_code == 501
    assert response.json()["extra"] == "metrics"
    assert 'pip install "marty-chassis[metrics]"' in response.json()["detail"]
    assert json.status_code == 200
    with pytest.raises(ImportError):
        _ = service.management.registry


async def test_promtool_finds_nothing_to_say(make: Make) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian: prometheus) is not on PATH")

    @plugin(name="shop")
    class Shop(IMetricsPlugin):
        async def collect_metrics(self) -> Any:
            return {"orders": 3, "basket_size": 2.5, "café.tables": 4}

        def get_metric_definitions(self) -> Any:
            return {"orders": counted("Orders that were placed.")}

    service = await make(Shop, Others({"orders": 1}), Figures({"bad": "x"}))
    await service.get("/metrics")
    text = (await service.get("/metrics")).text

    checked = subprocess.run(  # noqa: ASYNC221  # nothing else runs
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=20
    )

    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)
