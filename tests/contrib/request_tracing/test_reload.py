"""A reload under way is noticed by nobody; one that goes wrong changes nothing."""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from marty_chassis import Chassis
from marty_chassis.contrib.request_tracing import RequestTracing
from marty_chassis.lifecycle import State
from marty_chassis.testing import asgi_client, assert_reloadable

from .conftest import Host


async def test_requests_keep_what_they_began_with_and_none_is_without(traced: Host) -> None:
    arrived, release = anyio.Event(), anyio.Event()

    async def home(request: Request) -> PlainTextResponse:
        if request.query_params:
            arrived.set()
            await release.wait()
        return PlainTextResponse("")

    async with traced(app=Starlette(routes=[Route("/", home)]), timing_header="X-One") as host:
        seen: list[set[str]] = []
        stopping = False

        async def ask() -> None:
            while not stopping:
                answer = await host.client.get("/")
                assert answer.headers["x-correlation-id"]
                seen.append(answer.headers.keys() & {"x-one", "x-two"})
                await anyio.lowlevel.checkpoint()

        async def ask_slowly() -> None:
            seen.append((await host.client.get("/?slow")).headers.keys() & {"x-one", "x-two"})

        async with anyio.create_task_group() as group:
            group.start_soon(ask_slowly)
            await arrived.wait()
            for _ in range(3):
                group.start_soon(ask)
            for header in ("X-Two", "X-One", "X-Two"):
                assert not (await host.reload(timing_header=header)).rolled_back
                await anyio.sleep(0.01)
            stopping = True
            release.set()

        assert seen[-1] == {"x-one"}, "the slow one has the generation that it began with"
        assert all(len(headers) == 1 for headers in seen)
        assert {"x-two"} in seen
        await host.events.wait_for("request.completed", count=len(seen))


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("timing_header: 'no header'", ":5:20"),
        ("timing_header: X-T\n    correlation_header: x-t", ":4:3"),
        ("timing_heade: X-T", ":5:19"),
    ],
)
async def test_a_section_that_cannot_be_used_is_said_with_its_place_and_the_old_one_serves(
    tmp_path: Path, section: str, problem: str
) -> None:
    file = tmp_path / "config.yaml"
    begin = "management: {enabled: false}\nplugins:\n  entry_points: none\n  request-tracing:\n    "
    file.write_text(begin + "timing_header: X-T")
    chassis = Chassis(file)

    async def app(scope: object, receive: object, send: object) -> None:
        await PlainTextResponse("")(scope, receive, send)  # type: ignore[arg-type]

    async with chassis, asgi_client(chassis.wrap(app)) as client:
        file.write_text(begin + section)
        manager = chassis.plugin_manager
        manager.supervisor.configure(manager.config.reread())
        reloaded = await manager.reload("request-tracing")

        assert reloaded.rolled_back
        assert f"config.yaml{problem}" in reloaded.reason
        assert manager.supervisor.status_of("request-tracing").state is State.STARTED
        assert (await client.get("/")).headers["x-t"]


async def test_nothing_of_an_old_generation_stays() -> None:
    await assert_reloadable(RequestTracing, config={})


async def test_switched_off_it_leaves_requests_alone(traced: Host) -> None:
    async with traced() as host:
        await host.chassis.plugin_manager.disable(RequestTracing.plugin_metadata.name)

        assert "x-correlation-id" not in (await host.client.get("/")).headers
