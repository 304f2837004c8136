"""A service with request-tracing, and what its log says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from loguru import logger

from marty_chassis.contrib.request_tracing import RequestTracing
from marty_chassis.testing import PluginHost

Host = Callable[..., PluginHost]


@pytest.fixture
def traced(plugin_host: Callable[..., PluginHost]) -> Host:
    """`async with traced(correlation_header="x-id") as host:`; `app=` and so on as for the host."""
    ours = {"app", "neighbours", "settings", "plugins"}

    def make(**given: Any) -> PluginHost:
        of_host = {key: given.pop(key) for key in ours & given.keys()}
        plugins = of_host.pop("plugins", ())
        return partial(plugin_host, RequestTracing, *plugins)(config=given, **of_host)

    return make


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """The extra fields of each line that is logged, and the line itself as `message`."""
    found: list[dict[str, Any]] = []

    def keep(line: Any) -> None:
        record = line.record
        found.append({**record["extra"], "message": record["message"], "text": str(line)})

    sink = logger.add(keep, level="DEBUG", diagnose=False)
    yield found
    logger.remove(sink)


def said(lines: list[dict[str, Any]], message: str) -> dict[str, Any]:
    """The one line with this message."""
    (line,) = [line for line in lines if line["message"] == message]
    return line
