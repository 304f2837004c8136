"""Each test of this folder runs with each registry that there is a plugin for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import pytest
from loguru import logger

from marty_chassis.contrib import consul, etcd
from marty_chassis.contrib.registry import Backend
from marty_chassis.testing import PluginHost

from ...logs import logged
from ..registries import Consul, RealEtcd, Registry

PLUGINS: dict[str, Any] = {"consul": consul.Consul, "etcd": etcd.Etcd}
SERVICE = {"name": "shop", "instance_id": "shop-1", "advertise": "10.0.0.7:8000"}


@pytest.fixture(scope="module", params=[Consul, RealEtcd], ids=["consul", "etcd"])
def process(request: Any, tmp_path_factory: Any) -> Iterator[Registry]:
    """One for all tests of a module."""
    registry: Registry = request.param(tmp_path_factory.mktemp("registry"))
    yield registry
    with suppress(pytest.skip.Exception):
        registry.go()


@pytest.fixture
def registry(process: Registry) -> Registry:
    """It runs, and knows nothing of what the test before has done."""
    process.fresh()
    return process


@pytest.fixture
def shop(registry: Registry, plugin_host: Callable[..., PluginHost]) -> Callable[..., PluginHost]:
    """A service with the plugin for the registry: `async with shop(wait=1) as host:`."""

    def host(app: Any = None, **section: Any) -> PluginHost:
        return plugin_host(
            PLUGINS[registry.plugin],
            app=app,
            config=registry.section(**section),
            settings={"service": SERVICE},
        )

    return host


@pytest.fixture
def backend(registry: Registry) -> Callable[..., AbstractAsyncContextManager[Backend]]:
    """What the plugin speaks with, by itself: `async with backend(ttl=1) as backend:`."""

    def opened(**section: Any) -> AbstractAsyncContextManager[Backend]:
        made = PLUGINS[registry.plugin]()
        made.logger = logger
        schema = made.plugin_metadata.config_schema
        opened: AbstractAsyncContextManager[Backend] = made.backend(
            schema(**registry.section(**section))
        )
        return opened

    return opened


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What is logged."""
    with logged(format="{message}", level="INFO") as lines:
        yield lines
