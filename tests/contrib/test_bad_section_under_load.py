"""A bundled plugin whose new section cannot be used serves on as it was, whoever is being served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from marty_chassis.contrib import (
    consul,
    custom_metrics,
    etcd,
    jwt_authentication,
    request_tracing,
    structured_logging,
)
from marty_chassis.lifecycle import State
from marty_chassis.testing import PluginHost

from .jwt_authentication.tokens import SECTION, bearer

AWAY = {"address": "127.0.0.1:9"}
"""A registry that nobody waits for."""


@pytest.mark.parametrize(
    ("plugin", "section", "changes", "words"),
    [
        (consul, AWAY, {"token": "two\nlines"}, "consul.token: must be printable ASCII"),
        (custom_metrics, {}, {"duration_buckets": [0]}, "duration_buckets.0: Input should be gre"),
        (etcd, AWAY, {"prefix": "services"}, "etcd.prefix: must begin with a slash"),
        (jwt_authentication, SECTION, {"jwt_secret": 5}, "jwt_secret: must be a text: put it in"),
        (request_tracing, {}, {"timing_header": "date"}, "timing_header: date means something"),
        (
            structured_logging,
            {"destination": "log.json"},
            {"rotation": "0 MB"},
            "structured-logging.rotation: must be above 0",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", "").rpartition(".")[2] or " ",
)
async def test_it_serves_on_and_says_what_is_wrong(
    plugin_host: Callable[..., PluginHost],
    plugin: object,
    section: dict[str, Any],
    changes: dict[str, Any],
    words: str,
) -> None:
    under_way, let_go = anyio.Event(), anyio.Event()
    statuses: list[int] = []

    async def slow(request: Request) -> PlainTextResponse:
        under_way.set()
        await let_go.wait()
        return PlainTextResponse("")

    async def fast(request: Request) -> PlainTextResponse:
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/slow", slow), Route("/fast", fast)])
    async with plugin_host(plugin, app=app, config=section) as host:

        async def ask(path: str, times: int) -> None:
            for _ in range(times):
                answer = await host.client.get(path, headers=bearer())
                statuses.append(answer.status_code)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(ask, "/slow", 1)
                await under_way.wait()
                for _ in range(3):
                    group.start_soon(ask, "/fast", 10)
                reloaded = await host.reload(**changes)
                await ask("/fast", 1)
                let_go.set()

        assert reloaded.rolled_back
        assert words in reloaded.reason
        assert statuses == [200] * 32
        assert (host.status().state, host.status().generation) == (State.STARTED, 1)
