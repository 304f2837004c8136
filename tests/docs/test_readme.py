"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.errors import InvalidConfiguration

from .page import ROOT, read

PAGE = read(ROOT / "README.md")
TEXT = PAGE.text


def block(words: str) -> str:
    """The one Python block with these words in it."""
    (found,) = [one.code for one in PAGE.blocks if one.language == "python" and words in one.code]
    return found


CLASS, FUNCTION = block('@plugin(name="timing"'), block("def metrics_collect")
TESTED = block("async def test_it_says_how_long_it_took")
APP, WRAPPED = block("app = create_app("), block(".wrap(application)")


def between(mark: str) -> str:
    found = re.search(f"<!-- {mark} -->\n(.*?)<!-- end of {mark} -->", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "timing.py").write_text(CLASS)
    (tmp_path / "plugins" / "queue_metrics.py").write_text(FUNCTION)
    return tmp_path


def test_the_two_commands_are_there() -> None:
    commands = re.findall(r"```sh\n(.*?)\n```", TEXT)

    assert commands == ['pip install ".[standard]" && marty demo', "pip install tox && tox"]


def test_the_plugin_has_twelve_lines() -> None:
    assert len([line for line in CLASS.splitlines() if line]) <= 12


async def answer(app, path: str = "/") -> httpx2.Response:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://test"
    ) as client:
        return await client.get(path)


async def test_the_service_serves_with_both_plugins(folder) -> None:
    space: dict[str, Any] = {}
    exec(APP, space)
    app = space["app"]
    async with app.router.lifespan_context(app), app.state.chassis:
        answered = await answer(app)
        figures = await app.state.chassis.hooks.call("metrics.collect")

    assert answered.text == "hello"
    assert float(answered.headers["x-seconds"]) >= 0
    assert figures == [{"queue_length": 3}]


async def test_the_plugin_is_tested_in_three_lines(folder, plugin_host) -> None:
    space: dict[str, Any] = {}
    exec(TESTED, space)

    await space["test_it_says_how_long_it_took"](plugin_host)


async def test_any_application_is_wrapped(folder) -> None:
    space: dict[str, Any] = {}
    exec(WRAPPED, space)
    app = space["app"]
    async with app.chassis:
        answered = await answer(app)

    assert answered.status_code == 204
    assert "x-seconds" in answered.headers


def test_the_configuration_is_valid(folder) -> None:
    (folder / "config.yaml").write_text(re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[0])

    config = ChassisConfig.from_file("config.yaml")

    assert config.service.name == "orders"
    assert config.plugins.settings_of("timing").priority == 10
    assert config.plugins.required == ["authentication"]


def test_the_configuration_error_is_a_real_one(folder) -> None:
    shown = between("configuration error")
    (source,) = re.findall(r"```yaml\n(.*?)```", shown, re.DOTALL)
    (said,) = re.findall(r"```text\n(.*?)```", shown, re.DOTALL)
    (folder / "config.yaml").write_text(source)

    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig.from_file("config.yaml")

    assert str(raised.value).strip() == said.strip()


async def test_the_wrapped_chassis_leaves_nothing_behind(folder) -> None:
    chassis = Chassis(plugin_directories=["plugins"])
    async with chassis:
        pass

    assert chassis.pending() == {}
