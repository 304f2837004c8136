"""The plugin as an operator has it: from its section, reloaded, broken, without its extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from marty_chassis import Chassis
from marty_chassis.contrib.custom_metrics import CustomMetrics, CustomMetricsSettings
from marty_chassis.lifecycle import State
from marty_chassis.plugins import IMetricsPlugin, IMiddlewarePlugin, plugin
from marty_chassis.testing import PluginHost, asgi_client, assert_reloadable

from ...programs import program
from .conftest import OPENMETRICS, Host, scrape, until

TOTAL = "http_requests_total"


@plugin(name="queue")
class Queue(IMetricsPlugin):
    async def collect_metrics(self) -> Any:
        return {"queue_length": 3, "jobs": 5}

    def get_metric_definitions(self) -> Any:
        return {"jobs": {"type": "counter", "description": "Jobs that were done."}}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer, with `?slow` when it is let go."""
    request = Request(scope, receive)
    if gate := request.query_params.get("slow"):
        await GATES[gate].wait()
    await PlainTextResponse("")(scope, receive, send)


GATES: dict[str, anyio.Event] = {}


async def test_plugins_figures_are_shown_without_asking_for_them(metered: Host) -> None:
    async with metered(neighbours=[Queue]) as host:

        async def gathered() -> Any:
            seen = await scrape(host.operator)
            return seen("queue_length", plugin="queue") == 3 and seen

        seen = await until(gathered)

    assert seen("jobs_total", plugin="queue") == 5
    assert seen("marty_metrics_answered", plugin="queue") == 1
    assert len(seen.of("marty_metrics_age_seconds", plugin="queue")) == 1


@pytest.mark.parametrize(
    ("form", "media_type"), [("prometheus", "text/plain"), ("json", "application/json")]
)
async def test_the_export_format_is_what_is_answered_to_anybody(
    metered: Host, form: str, media_type: str
) -> None:
    async with metered(export_format=form) as host:
        for path in ("/metrics", "/plugins/metrics"):
            answer = await host.operator.get(path, headers={"accept": "*/*"})

            assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_time_that_plugins_take_in_requests_is_measured_where_it_is_wanted(
    metered: Host, wanted: bool
) -> None:
    @plugin(name="passing")
    class Passing(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

    async with metered(request_hooks=wanted, neighbours=[Passing]) as host:
        await host.client.get("/")

        seen = await scrape(host.operator)

    labels = {"plugin": "passing", "hook": "middleware.process"}
    assert seen("marty_hook_calls_total", **labels) == (1 if wanted else None)
    assert (seen("marty_hook_seconds_total", **labels) is not None) is wanted


async def test_a_reload_under_load_loses_no_request_and_doubles_none(metered: Host) -> None:
    GATES["reload"] = anyio.Event()
    async with metered(app=app, neighbours=[Queue]) as host:
        answered, totals, stopping = 0, [0.0], False

        async def ask() -> None:
            nonlocal answered
            while not stopping:
                await host.client.get("/")
                answered += 1
                await anyio.lowlevel.checkpoint()

        async def look() -> None:
            while not stopping:
                totals.append((await scrape(host.operator))(TOTAL) or 0)
                await anyio.sleep(0.002)

        async with anyio.create_task_group() as group:
            group.start_soon(host.client.get, "/?slow=reload")
            for _ in range(3):
                group.start_soon(ask)
            group.start_soon(look)
            for interval in (10, 20, 30):
                assert not (await host.reload(collection_interval=interval)).rolled_back
                await anyio.sleep(0.02)
            under_way = await scrape(host.operator)
            stopping = True
            GATES["reload"].set()
        seen = await scrape(host.operator)

    assert under_way.of("http_requests_in_progress", method="GET")[0] >= 1
    assert seen("http_requests_in_progress", method="GET") == 0
    assert seen(TOTAL) == answered + 1
    assert seen("http_request_duration_seconds_count") == answered + 1
    assert totals == sorted(totals)
    assert len(totals) > 3


async def test_a_reload_leaves_nothing_of_the_old_one_alive() -> None:
    await assert_reloadable(CustomMetrics)


async def test_one_after_the_other_keeps_what_was_counted_too(metered: Host) -> None:
    exclusive = {"plugins": {"settings": {"custom-metrics": {"reload": "exclusive"}}}}
    async with metered(settings=exclusive) as host:
        await host.client.get("/")

        assert not (await host.reload()).rolled_back
        await host.client.get("/")

        assert (await scrape(host.operator))(TOTAL) == 2


async def test_a_reload_that_fails_changes_nothing(
    metered: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with metered() as host:
        await host.client.get("/")
        monkeypatch.setattr(CustomMetrics, "get_middleware_priority", lambda self: 1 / 0)

        assert (await host.reload()).rolled_back
        await host.client.get("/")

        assert (await scrape(host.operator))(TOTAL) == 2


async def test_with_other_buckets_the_histogram_alone_begins_anew(metered: Host) -> None:
    async with metered() as host:
        await host.client.get("/")

        await host.reload(duration_buckets=[1])
        await host.client.get("/")

        seen = await scrape(host.operator)

    assert seen(TOTAL) == 2
    assert seen("http_request_duration_seconds_count") == 1
    assert seen.names("le") == {"1.0", "+Inf"}


async def test_disabled_it_measures_nothing_and_shows_nothing_of_its_own(metered: Host) -> None:
    async with metered() as host:
        await host.client.get("/")

        await host.chassis.plugin_manager.disable("custom-metrics")

        assert (await host.client.get("/")).status_code == 200
        assert (await scrape(host.operator)).of(TOTAL) == []


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("collection_interval: 0", ":5:26"),
        ("collection_interval: soon", ":5:26"),
        ("export_format: xml", ":5:20"),
        ("duration_buckets: [1, 1]", ":5:5"),
        ("duration_buckets: [.inf]", ":5:24"),
        ("duration_buckets: []", ":5:5"),
        ("duration_buckets: [0]", ":5:24"),
        ("collection_intervall: 3", ":5:27"),
    ],
)
async def test_a_section_that_cannot_be_used_is_said_with_its_place_and_the_old_one_serves(
    tmp_path: Path, section: str, problem: str
) -> None:
    file = tmp_path / "config.yaml"
    begin = "management: {token: t}\nplugins:\n  entry_points: none\n  custom-metrics:\n    "
    file.write_text(begin + "collection_interval: 30")
    chassis = Chassis(file)

    async with chassis, asgi_client(chassis.wrap(app)) as client:
        await client.get("/")
        file.write_text(begin + section)
        manager = chassis.plugin_manager
        manager.supervisor.configure(manager.config.reread())
        reloaded = await manager.reload("custom-metrics")
        await client.get("/")
        client.headers["authorization"] = "Bearer t"
        answer = await client.get("/-/marty/metrics", headers={"accept": "*/*"})

    assert reloaded.rolled_back
    assert "1 problem:" in reloaded.reason
    assert f"config.yaml{problem}" in reloaded.reason
    assert 'http_requests_total{method="GET",plugin="custom-metrics"' in answer.text
    assert '"200"} 2.0' in answer.text


async def test_without_its_extra_it_says_so_and_the_service_runs(
    plugin_host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("prometheus_client", "prometheus_client.exposition"):
        monkeypatch.setitem(sys.modules, module, None)

    async with plugin_host(CustomMetrics, starts=False) as host:
        status = host.status()

        assert status.state is State.ERROR
        assert 'pip install "marty-chassis[metrics]"' in status.reason
        assert (await host.client.get("/")).status_code == 200
        assert (await host.operator.get("/metrics")).status_code == 501
        json = await host.operator.get("/plugins/metrics")
        assert json.json()["chassis"]


async def test_a_section_is_enough_to_start_it(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "plugins: {entry_points: none, custom-metrics: {collection_interval: 30,"
        " export_format: prometheus}}"
    )
    chassis = Chassis(file)

    async with chassis:
        status = chassis.plugin_manager.supervisor.status_of("custom-metrics")

    assert status.state is State.STARTED
    assert CustomMetricsSettings().export_format == "prometheus"


async def test_promtool_has_nothing_to_say_about_our_own_figures(metered: Host) -> None:
    promtool = program("promtool")
    async with metered(app=app) as host:
        await host.client.get("/")
        texts = [
            (await host.operator.get("/metrics", headers={"accept": accept})).text
            for accept in ("text/plain", OPENMETRICS)
        ]

    checked = subprocess.run(  # noqa: ASYNC221  # nothing else runs
        [promtool, "check", "metrics"], input=texts[0], capture_output=True, text=True, timeout=20
    )

    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)
    assert texts[1].endswith("# EOF\n")


async def test_two_services_of_one_process_never_meet(tmp_path: Path) -> None:
    async with (
        PluginHost(CustomMetrics, folder=tmp_path) as first,
        PluginHost(CustomMetrics, folder=tmp_path) as second,
    ):
        await first.client.get("/")

        assert (await scrape(first.operator))(TOTAL) == 1
        assert (await scrape(second.operator)).of(TOTAL) == []
