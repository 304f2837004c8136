"""A plugin that fails, beside one that is not to notice."""

from __future__ import annotations

from typing import Any

import pytest

from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_chassis.testing import FailingNeighbour


@plugin(name="stamp")
class Stamp(IMiddlewarePlugin):
    async def process_request(self, request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "seen"
        return response


@pytest.mark.parametrize(
    ("told", "phase", "state"),
    [
        ({"phase": "initialize"}, "initialize", "error"),
        ({"phase": "start"}, "start", "error"),
        ({"phase": "run"}, "run", "error"),
        ({"hook": "middleware.process"}, "hook", "started"),
        ({"hook": "middleware_post_response"}, "hook", "started"),
        ({"phase": "stop"}, "stop", "started"),
    ],
    ids=str,
)
async def test_it_fails_where_it_is_told_and_the_other_one_serves(
    plugin_host, failing_neighbour, told: dict[str, str], phase: str, state: str
) -> None:
    async with plugin_host(Stamp, neighbours=[failing_neighbour(**told)]) as host:
        for _ in range(3):
            response = await host.client.get("/")
            assert (response.status_code, response.headers["x-stamp"]) == (200, "seen")
        found = host.status("failing-neighbour")

    faults = host.chassis.faults.recent("failing-neighbour")
    assert found.state.value == state
    assert {fault.phase.value for fault in faults} == {phase}
    assert {fault.message for fault in faults} == {"told to fail"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"phase": "strat"}, "no phase 'strat': initialize, start, run, hook, stop"),
        ({"hook": "service.discovr"}, "no hook 'service.discovr'. Did you mean 'service.discover'"),
        ({"hook": ""}, ""),
        ({"hook": "shop.priced"}, ""),
    ],
)
def test_one_that_would_never_fail_is_refused(told: dict[str, Any], words: str) -> None:
    if not words:
        FailingNeighbour(**told)
        return
    with pytest.raises(ValueError, match=words):
        FailingNeighbour(**told)


async def test_it_raises_what_it_is_given(plugin_host, failing_neighbour) -> None:
    neighbour = failing_neighbour(phase="start", error=SystemExit(3))

    async with plugin_host(Stamp, neighbours=[neighbour]) as host:
        (fault,) = host.chassis.faults.recent("failing-neighbour")

    assert fault.kind == "SystemExit"


async def test_it_does_not_fail_where_it_is_not_told(plugin_host) -> None:
    async with plugin_host(FailingNeighbour(phase="stop")) as host:
        assert host.chassis.faults.recent("failing-neighbour") == ()
