"""`enable_metrics` of the specification's factory."""

from __future__ import annotations

import sys
from typing import Any

import httpx2
import pytest

from marty_chassis.lifecycle import PluginStatus, State
from marty_chassis.plugins import IPlugin, PluginEnabledServiceFactory, plugin
from marty_chassis.settings import ChassisConfig
from marty_chassis.testing import asgi_client

NAME = "custom-metrics"


async def made(**given: Any) -> tuple[httpx2.Response, dict[str, PluginStatus]]:
    """What `/metrics` answers, and how the plugins stand."""
    plugins = {"entry_points": "none", **given.pop("plugins", {})}
    config = ChassisConfig.load(None, {"management": {"token": "t"}, "plugins": plugins})
    factory = PluginEnabledServiceFactory(config)
    app = await factory.create_fastapi_service_with_plugins(name="shop", **given)
    async with asgi_client(app) as client:
        await client.get("/nowhere")
        status = {one.name: one for one in factory.get_plugin_manager().supervisor.status()}
        client.headers["authorization"] = "Bearer t"
        return await client.get("/metrics"), status


async def test_it_starts_without_a_section() -> None:
    answer, status = await made(enable_metrics=True)

    assert status[NAME].state is State.STARTED
    assert "http_requests_total{" in answer.text


async def test_a_section_is_kept() -> None:
    answer, _ = await made(enable_metrics=True, plugins={NAME: {"export_format": "json"}})

    assert answer.json()["families"]


@pytest.mark.parametrize("section", [{}, {NAME: {}}])
async def test_it_can_be_kept_from_starting(section: dict[str, Any]) -> None:
    answer, status = await made(enable_metrics=False, plugins=section)

    assert NAME not in status or status[NAME].state is State.DISABLED
    assert answer.status_code == 200
    assert "http_requests_total" not in answer.text


@pytest.mark.parametrize(("section", "there"), [({}, False), ({NAME: {}}, True)])
async def test_nothing_said_leaves_it_to_the_configuration(
    section: dict[str, Any], there: bool
) -> None:
    _, status = await made(plugins=section)

    assert (NAME in status) is there


async def test_what_the_operator_has_disabled_stays_so() -> None:
    _, status = await made(enable_metrics=True, plugins={"disabled": [NAME]})

    assert status[NAME].state is State.DISABLED


async def test_without_the_extra_the_service_runs_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("prometheus_client", "prometheus_client.exposition"):
        monkeypatch.setitem(sys.modules, module, None)

    answer, status = await made(enable_metrics=True)

    assert answer.status_code == 501
    assert status[NAME].state is State.ERROR
    assert 'pip install "marty-chassis[metrics]"' in status[NAME].reason


async def test_another_plugin_of_this_name_is_the_one() -> None:
    @plugin(name=NAME, version="1.0.0")
    class Mine(IPlugin):
        pass

    config = ChassisConfig.load(None, {"plugins": {"entry_points": "none"}})
    factory = PluginEnabledServiceFactory(config)
    app = await factory.create_fastapi_service_with_plugins(
        name="shop", enable_metrics=True, plugins=[Mine]
    )
    async with asgi_client(app):
        status = factory.get_plugin_manager().supervisor.status_of(NAME)

    assert (status.state, status.version) == (State.STARTED, "1.0.0")
