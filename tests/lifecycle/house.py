"""A manager whose plugins have little time, and plugins made in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from marty_chassis.lifecycle import PluginStatus, State
from marty_chassis.plugins import IPlugin, PluginManager, plugin
from marty_chassis.settings import ChassisConfig

LIMITS = {
    "initialize_timeout": 0.3,
    "start_timeout": 0.3,
    "stop_timeout": 0.3,
    "shutdown_timeout": 2,
    "retry_initial": 0.05,
    "retry_max": 0.4,
}


def house(
    plugins: dict[str, Any] | None = None, *, lifecycle: dict[str, float] | None = None
) -> PluginManager:
    """A manager with a section `plugins` of its configuration."""
    config = ChassisConfig(plugins=plugins or {}, lifecycle={**LIMITS, **(lifecycle or {})})
    return PluginManager(config=config)


def named(name: str, base: type = IPlugin, needs: tuple[str, ...] = (), **said: Any) -> type:
    """A plugin class of this name; methods among the keywords become its own."""
    own = [key for key, value in said.items() if callable(value) and not isinstance(value, type)]
    methods = {key: said.pop(key) for key in own}
    kind = type(name.title().replace("-", ""), (base,), methods)
    return plugin(name=name, dependencies=needs, **said)(kind)


async def running(manager: PluginManager, *plugins: object) -> PluginManager:
    """The manager, with these plugins started as far as they can be."""
    for one in plugins:
        await manager.load(one)
    await manager.start()
    return manager


def states(manager: PluginManager) -> dict[str, State]:
    """The state of each plugin."""
    return {one.name: one.state for one in manager.supervisor.status()}


def status(manager: PluginManager, name: str) -> PluginStatus:
    return manager.supervisor.status_of(name)


def assert_nothing_left(manager: PluginManager, *names: str) -> None:
    """Nothing of these plugins, or of any, is registered or open."""
    there = manager.current.contributions.keys()
    assert not (there & set(names) if names else there)
    pending = manager.supervisor.pending()
    assert not ({name: pending[name] for name in pending if name in names} if names else pending)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other tasks bring about."""
    with anyio.fail_after(3):
        while not condition():
            await anyio.sleep(0.002)


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that refuses to leave is given up sooner."""
    monkeypatch.setattr("marty_chassis.lifecycle.home.GRACE", 0.05)
