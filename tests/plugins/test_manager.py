"""The manager is pluggy's to whoever uses it as one, and beside it moves plugins."""

from __future__ import annotations

import importlib

import pluggy
import pytest

import marty_chassis.plugins
from marty_chassis.lifecycle import State
from marty_chassis.plugins import PluginManager, hookimpl
from marty_hookspecs import metrics_collect

from ..lifecycle.house import house, named, running, states


class Figures:
    @hookimpl
    def metrics_collect(self) -> dict[str, float]:
        return {"figure": 1}


async def test_it_is_pluggys_manager() -> None:
    manager = PluginManager()
    figures = Figures()

    assert isinstance(manager, pluggy.PluginManager)
    assert manager.register(figures, name="figures") == "figures"
    assert manager.hook.metrics_collect() == [{"figure": 1}]
    assert await manager.hooks.ask(metrics_collect) == [{"figure": 1}]
    manager.unregister(figures)
    assert manager.hook.metrics_collect() == []


def test_a_manager_of_another_project_knows_nothing_of_marty() -> None:
    manager = PluginManager("example")

    assert not hasattr(manager.hook, "metrics_collect")


async def test_plugins_of_the_lifecycle_are_seen_through_pluggy_too() -> None:
    manager = await running(house(), Figures())

    assert manager.has_plugin("figures")
    assert manager.hook.metrics_collect() == [{"figure": 1}]
    await manager.stop()
    assert not manager.has_plugin("figures")


async def test_status_is_of_all_or_of_one() -> None:
    manager = await running(house(), named("one"), named("two", needs=("one",)))

    assert [one.name for one in await manager.status()] == ["one", "two"]
    assert (await manager.status("two")).state is State.STARTED
    await manager.stop()
    assert set(states(manager).values()) == {State.STOPPED}


@pytest.mark.parametrize("name", marty_chassis.plugins.__all__)
def test_the_door_leads_to_everything_it_names(name: str) -> None:
    door = importlib.import_module("marty_chassis.plugins")

    assert getattr(door, name) is not None
    assert name in dir(door)


def test_the_door_answers_for_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = importlib.import_module("marty_chassis.plugins").no_such_name
