"""Figures that are gathered in the background: who reads them waits for no plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from marty_chassis.boundary import bounded
from marty_chassis.plugins import IMetricsPlugin, IPlugin, PluginContext, plugin
from marty_chassis.plugins.arrangement import Form
from marty_chassis.testing import FakeClock
from marty_chassis.web.management.gathering import Gathering

from .conftest import Make, Service
from .test_prometheus import OPENMETRICS, lines

LONG = 3600.0


@plugin(name="arranges", failure_policy="open")
class Arranges(IPlugin):
    """Decides how figures are gathered and shown."""

    def __init__(self, interval: float | None = LONG, form: Form | None = None) -> None:
        self.interval = interval
        self.form = form

    async def initialize(self, context: PluginContext) -> None:
        context.metrics.arrange(interval=self.interval, form=self.form)


@plugin(name="counts")
class Counts(IMetricsPlugin):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.hangs = False

    async def collect_metrics(self) -> Any:
        self.asked += 1
        if self.hangs:
            await anyio.sleep_forever()
        return {"asked": self.asked}


@plugin(name="steady")
class Steady(Counts):
    async def collect_metrics(self) -> Any:
        return {"steady": 1}


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    with anyio.fail_after(5):
        while not (found := await look()):
            await anyio.sleep(0.001)
    return found


async def line(service: Service, begin: str) -> str:
    return next((one for one in await lines(service) if one.startswith(begin)), "")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    async def soon(call: Callable[[], Any], seconds: float, name: str, *, strays: Any) -> Any:
        return await bounded(call, 0.05, name, strays=strays)

    monkeypatch.setattr("marty_chassis.hooks.answers.bounded", soon)


async def test_however_often_it_is_read_a_plugin_is_asked_at_its_interval(make: Make) -> None:
    counts = Counts()
    service = await make(Arranges(), counts)
    await until(lambda: line(service, "asked{"))

    for _ in range(3):
        assert 'asked{plugin="counts"} 1.0' in await lines(service)

    assert counts.asked == 1


async def test_at_the_end_of_the_interval_it_is_asked_again(make: Make) -> None:
    counts = Counts()
    service = await make(Arranges(0.01), counts)

    async def third() -> bool:
        found = await line(service, 'asked{plugin="counts"} ')
        return bool(found) and float(found.rpartition(" ")[2]) >= 3

    await until(third)

    assert counts.asked >= 3


async def test_without_an_interval_it_is_asked_by_who_reads(make: Make) -> None:
    counts = Counts()
    service = await make(Arranges(None), counts)

    await lines(service)

    assert counts.asked == 2  # In both forms.


async def test_what_hangs_holds_up_nobody_and_its_figures_are_dropped(
    make: Make, impatient: None
) -> None:
    counts = Counts()
    service = await make(Arranges(0.05), counts, Steady())
    await until(lambda: line(service, "asked{"))

    counts.hangs = True
    await until(lambda: line(service, 'marty_metrics_answered{plugin="counts"} 0.0'))

    found = await lines(service)
    assert not [one for one in found if one.startswith("asked{")]
    assert 'steady{plugin="steady"} 1.0' in found
    assert 'marty_metrics_answered{plugin="steady"} 1.0' in found
    answer = (await service.get("/plugins/metrics")).json()["plugins"]["counts"]
    assert (answer["answered"], answer["metrics"]) == (False, {})
    assert "DeadlineExceeded" in answer["problems"][0]


async def test_counters_and_gauges_of_the_context_are_as_they_are_now(make: Make) -> None:
    @plugin(name="own")
    class Own(IPlugin):
        async def initialize(self, context: PluginContext) -> None:
            self.jobs = context.metrics.counter("jobs", "Jobs.")

    @plugin(name="both")
    class Both(Counts):
        async def initialize(self, context: PluginContext) -> None:
            self.tables = context.metrics.gauge("tables")

    own, both = Own(), Both()
    service = await make(Arranges(), own, both)
    await until(lambda: line(service, "asked{"))

    own.jobs.inc(3)
    both.tables.set(4)
    own.context.metrics.counter("late", "Late.").inc()

    found = await lines(service)
    assert 'jobs_total{plugin="own"} 3.0' in found
    assert 'late_total{plugin="own"} 1.0' in found
    assert 'tables{plugin="both"} 4.0' in found
    assert 'asked{plugin="both"} 1.0' in found

    both.tables.set(float("nan"))
    answer = (await service.get("/plugins/metrics")).json()["plugins"]["both"]
    assert answer["metrics"] == {"asked": 1}
    assert "tables is nan" in answer["problems"][0]


async def test_while_it_is_asked_its_last_figures_are_shown_with_their_age(make: Make) -> None:
    counts, clock = Counts(), FakeClock()
    service = await make(Arranges(), counts)
    gathering = Gathering(service.manager, clock=clock)
    async with anyio.create_task_group() as group:
        group.start_soon(gathering.run)
        await anyio.wait_all_tasks_blocked()
        (before,) = await gathering.figures()

        counts.hangs = True
        clock.advance(LONG + 1)
        gathering._ring()
        await anyio.wait_all_tasks_blocked()
        (after,) = await gathering.figures()

        assert (before.age, after.age) == (0, LONG + 1)
        assert after.values == before.values != {}
        assert repr(gathering) == "<Gathering of 1 plugins, 1 asked just now>"
        group.cancel_scope.cancel()
    await gathering.close()


async def test_a_plugin_that_comes_or_is_reloaded_is_asked_at_once(make: Make) -> None:
    service = await make(
        Arranges(), type("Late", (Counts,), {"plugin_metadata": Counts.plugin_metadata})
    )
    await until(lambda: line(service, "asked{"))
    before = service.manager.supervisor.instance_of("counts")

    await service.manager.reload("counts")

    after = service.manager.supervisor.instance_of("counts")
    assert isinstance(before, Counts)
    assert isinstance(after, Counts)
    assert after is not before
    await until(lambda: _asked(after))
    assert before.asked == 1


async def _asked(counts: Counts) -> int:
    return counts.asked


async def test_who_leaves_has_no_figures_any_more(make: Make) -> None:
    service = await make(Arranges(), Counts())
    await until(lambda: line(service, "asked{"))

    await service.manager.disable("counts")

    assert not await line(service, "asked{")
    assert not await line(service, 'marty_metrics_answered{plugin="counts"')


async def test_when_the_one_who_arranged_it_leaves_figures_are_asked_for_again(make: Make) -> None:
    counts = Counts()
    service = await make(Arranges(), counts)
    await until(lambda: line(service, "asked{"))

    await service.manager.disable("arranges")
    await lines(service)

    assert counts.asked == 3
    assert service.manager.supervisor.pending() == {}


@pytest.mark.parametrize("path", ["/metrics", "/plugins/metrics"])
@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("json", "application/json"),
        ("prometheus", "text/plain"),
        ("openmetrics", "application/openmetrics-text"),
    ],
)
async def test_who_takes_anything_gets_what_is_arranged(
    make: Make, path: str, form: Form, media_type: str
) -> None:
    service = await make(Arranges(form=form))

    async with service.client() as client:
        del client.headers["accept"]
        nothing_said = await client.get(path)
    anything = await service.get(path, accept="*/*")
    other = await service.get(path, accept="application/json" if form != "json" else OPENMETRICS)

    assert nothing_said.headers["content-type"].partition(";")[0] == media_type
    assert anything.headers["content-type"].partition(";")[0] == media_type
    assert other.headers["content-type"].partition(";")[0] != media_type


async def test_of_two_who_arrange_it_the_first_by_name_does(make: Make) -> None:
    @plugin(name="a-first", failure_policy="open")
    class First(Arranges):
        pass

    service = await make(Arranges(form="openmetrics"), First(form="prometheus"))

    answer = await service.get("/metrics", accept="*/*")

    assert answer.headers["content-type"].startswith("text/plain")


async def test_arranged_anew_the_last_word_counts(make: Make) -> None:
    arranges = Arranges(form="openmetrics")
    service = await make(arranges)

    arranges.context.metrics.arrange(form="json")

    answer = await service.get("/metrics", accept="*/*")
    assert answer.headers["content-type"] == "application/json"
