"""An agent for each module: the contract server, or the one at CONSUL_HTTP_ADDR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from marty_chassis.contrib import consul
from marty_chassis.testing import PluginHost

from ..registries import Consul, ConsulApi


@pytest.fixture(scope="module")
def process(request: Any, tmp_path_factory: Any) -> Iterator[ConsulApi]:
    """One for all tests of a module; `AGENT` of the module has arguments for it."""
    agent = Consul(tmp_path_factory.mktemp("consul"), *getattr(request.module, "AGENT", ()))
    yield agent
    with suppress(pytest.skip.Exception):
        agent.go()


@pytest.fixture
def agent(process: ConsulApi) -> ConsulApi:
    """It runs, and knows nothing of what the test before has done."""
    process.fresh()
    return process


@pytest.fixture
def shop(agent: ConsulApi, plugin_host: Callable[..., PluginHost]) -> Callable[..., PluginHost]:
    """A service with the plugin: `async with shop(wait=1) as host:`."""

    def host(**section: Any) -> PluginHost:
        service = {"name": "shop", "instance_id": "shop-1", "advertise": "10.0.0.7:8000"}
        config = agent.section(**section)
        return plugin_host(consul.Consul, config=config, settings={"service": service})

    return host
