"""Figures: of all plugins and of the chassis, as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import anyio
import pytest

from marty_chassis.boundary import bounded
from marty_chassis.plugins import IMetricsPlugin, IPlugin, plugin
from marty_chassis.web.management.models import MetricsView
from marty_chassis.web.management.negotiation import wanted
from marty_hookspecs import hookimpl

from .conftest import VIEWER, Make, Service


@plugin(name="custom-metrics", version="1.0.0")
class Custom(IMetricsPlugin):
    async def collect_metrics(self) -> Any:
        return {"custom_counter": 42, "response_time": 0.125, "active_users": 100}

    def get_metric_definitions(self) -> Any:
        return {"custom_counter": {"type": "counter", "description": "Custom counter metric"}}


@plugin(name="figures")
class Figures(IMetricsPlugin):
    """Answers what it was given."""

    def __init__(self, values: Any, definitions: Any = None) -> None:
        self.values = values
        self.definitions = definitions

    async def collect_metrics(self) -> Any:
        return self.values

    def get_metric_definitions(self) -> Any:
        return self.definitions


async def metrics(service: Service, accept: str = "*/*") -> MetricsView:
    response = await service.get("/plugins/metrics", VIEWER, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["vary"] == "accept"
    return MetricsView.model_validate_json(response.content)


async def test_each_plugin_gives_its_figures_by_its_own_names(make: Make) -> None:
    service = await make(Custom)

    found = (await metrics(service)).plugins["custom-metrics"]

    assert found.metrics == {"custom_counter": 42, "response_time": 0.125, "active_users": 100}
    assert isinstance(found.metrics["custom_counter"], int)
    assert found.definitions["custom_counter"].type == "counter"
    assert found.problems == []


async def test_the_figures_of_the_chassis_are_always_there(make: Make) -> None:
    service = await make()

    names = {family.name for family in (await metrics(service)).chassis}

    assert names >= {
        "marty_plugin_info",
        "marty_plugin_state",
        "marty_plugin_faults_total",
        "marty_plugin_reloads_total",
        "marty_hook_calls_total",
        "marty_hook_seconds_total",
        "marty_events_delivered_total",
        "marty_stray_tasks",
        "marty_ready",
    }


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (math.nan, "a is nan; give a number that is finite"),
        (math.inf, "a is inf"),
        (10**400, "OverflowError"),
        ("7", "a is a str"),
        (None, "a is a NoneType"),
        ({"GET": 3}, "a is a dict"),
        (1j, "a is a complex"),
        (Decimal("sNaN"), "ValueError"),
    ],
)
async def test_what_is_no_number_is_refused_with_a_fault(make: Make, value: Any, why: str) -> None:
    service = await make(Figures({"a": value, "b": 1}))

    found = (await metrics(service)).plugins["figures"]

    assert found.metrics == {"b": 1}
    assert why in found.problems[0]
    assert service.faults.count("figures") == 1


async def test_numbers_of_other_kinds_are_numbers(make: Make) -> None:
    service = await make(Figures({"a": Fraction(1, 2), "b": True, "c": -0.0, "d": Decimal("0.1")}))

    assert (await metrics(service)).plugins["figures"].metrics == {
        "a": 0.5,
        "b": 1,
        "c": 0,
        "d": 0.1,
    }


@pytest.mark.parametrize(
    ("values", "definitions", "why"),
    [
        ([1, 2], None, "the answer is a list"),
        (7, None, "the answer is a int"),
        ({"": 1}, None, "a name is no text"),
        ({1: 1}, None, "a name is no text"),
        ({"x" * 201: 1}, None, "a name is no text"),
        ({"a": 1}, "words", "the answer is a str"),
        ({"a": 1}, {"a": "counter"}, "a is described by a str"),
        ({"a": 1}, {"a": {"type": "histogram"}}, "a is described as 'histogram'"),
        ({"a": 1}, {"a": {"type": ["x"]}}, "a is described as"),
    ],
)
async def test_nonsense_is_a_fault_and_the_rest_is_shown(
    make: Make, values: Any, definitions: Any, why: str
) -> None:
    service = await make(Figures(values, definitions), Custom)

    found = (await metrics(service)).plugins

    assert why in found["figures"].problems[0]
    assert found["custom-metrics"].problems == []
    assert service.faults.count("figures") == 1


async def test_a_plugin_that_raises_or_hangs_delays_and_spoils_no_other(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def impatient(call: Callable[[], Any], seconds: float, name: str, *, strays: Any) -> Any:
        return await bounded(call, 0.1, name, strays=strays)

    monkeypatch.setattr("marty_chassis.hooks.answers.bounded", impatient)

    @plugin(name="hangs-1")
    class Hangs(IMetricsPlugin):
        async def collect_metrics(self) -> Any:
            await anyio.sleep_forever()

    @plugin(name="hangs-2")
    class HangsToo(Hangs):
        pass

    @plugin(name="raises")
    class Raises(IPlugin):
        @hookimpl
        def metrics_collect(self) -> Any:
            raise SystemExit(3)

    service = await make(Hangs, HangsToo, Raises, Custom)

    with anyio.fail_after(0.19):
        found = (await metrics(service)).plugins

    assert "DeadlineExceeded" in found["hangs-1"].problems[0]
    assert "DeadlineExceeded" in found["hangs-2"].problems[0]
    assert "SystemExit" in found["raises"].problems[0]
    assert found["custom-metrics"].metrics["active_users"] == 100


SCRAPER = (
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "json"),
        ("", "json"),
        ("application/json", "json"),
        ("application/*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
        ("application/json, text/plain, */*", "json"),
        ("text/html", "json"),
        ("text/plain;q=0", "json"),
        ("text/plain;q=nonsense", "json"),
        ("text/plain;q=0.2, */*;q=0.5", "json"),
        ("text/plain", "prometheus"),
        ("text/*", "prometheus"),
        ("text/plain, */*", "prometheus"),
        ("application/json;q=0.5, text/plain", "prometheus"),
        ("Application/OpenMetrics-Text; version=1.0.0", "openmetrics"),
        (SCRAPER, "openmetrics"),
    ],
)
def test_the_form_that_is_named_is_given(accept: str, form: str) -> None:
    assert wanted(accept, "json") == form


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "openmetrics"),
        ("text/html", "openmetrics"),
        ("text/html, */*;q=0.8", "openmetrics"),
        ("text/plain;q=0.2, */*;q=0.5", "openmetrics"),
        ("application/*", "openmetrics"),
        ("application/json, */*", "json"),
        ("text/plain, */*", "prometheus"),
    ],
)
def test_who_takes_anything_gets_what_is_usual(accept: str, form: str) -> None:
    assert wanted(accept, "openmetrics") == form
