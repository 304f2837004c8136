"""A real etcd for each module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loguru import logger

from marty_chassis.contrib.etcd import Etcd, EtcdSettings
from marty_chassis.testing import PluginHost

from ...logs import logged
from ..registries import RealEtcd


@pytest.fixture(scope="module")
def process(tmp_path_factory: Any) -> Iterator[RealEtcd]:
    """One for all tests of a module."""
    etcd = RealEtcd(tmp_path_factory.mktemp("etcd"))
    yield etcd
    etcd.go()


@pytest.fixture
def etcd(process: RealEtcd) -> RealEtcd:
    """It runs, and knows nothing of what the test before has done."""
    process.fresh()
    return process


@pytest.fixture
def shop(etcd: RealEtcd, plugin_host: Callable[..., PluginHost]) -> Callable[..., PluginHost]:
    """A service with the plugin: `async with shop(ttl=1) as host:`."""

    def host(**section: Any) -> PluginHost:
        service = {"name": "shop", "instance_id": "shop-1", "advertise": "10.0.0.7:8000"}
        return plugin_host(Etcd, config=etcd.section(**section), settings={"service": service})

    return host


@pytest.fixture
def gateway(etcd: RealEtcd) -> Callable[..., Any]:
    """What the plugin speaks with: `async with gateway(ttl=1) as gateway:`."""
    from marty_chassis.contrib.etcd.gateway import opened

    return lambda **section: opened(EtcdSettings(**etcd.section(**section)), logger)


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What is logged."""
    with logged(format="{message}", level="INFO") as lines:
        yield lines
