"""The configuration changes on the disk: what a plugin has of it is taken in, by that plugin alone."""

from __future__ import annotations

import json
from textwrap import indent

import pytest

from marty_chassis.plugins.watching import Watching
from marty_chassis.plugins.watching.survey import Scene, configuration_stamp

from .house import House, source

SAYS = indent("\nasync def start(self):\n    self.word = self.context.get_config('word')\n", "    ")


def listening(name: str) -> str:
    """A plugin that says the word of its section."""
    return source(name) + SAYS


async def test_only_plugins_whose_section_changed_are_reloaded(house: House) -> None:
    house.write("plugins/x.py", listening("x"))
    house.plugin("y")
    house.configure({"x": {"word": "one"}, "y": {"word": "one"}})

    async with house:
        house.configure({"x": {"word": "two"}, "y": {"word": "one"}})
        await house.says("x", "two")
        house.configure({"y": {"word": "one"}, "x": {"word": "three"}, "settings": {"y": {}}})
        await house.says("x", "three")
        await house.is_quiet()

        assert house.generations() == {"x": 3, "y": 1}
        assert not house.said("restart the process")


async def test_what_the_operator_decides_about_a_plugin_reloads_it(house: House) -> None:
    house.plugin("x")
    house.plugin("y")

    async with house:
        house.configure({"settings": {"x": {"priority": 3}}})
        await house.until(lambda: house.status("x").generation == 2)
        house.configure({"settings": {"x": {"priority": 3}}, "required": ["y"]})
        await house.until(lambda: house.status("y").required)
        await house.is_quiet()

        assert house.generations() == {"x": 2, "y": 2}


async def test_an_invalid_file_changes_nothing_and_is_logged_with_its_places(house: House) -> None:
    house.write("plugins/x.py", listening("x"))
    house.configure({"x": {"word": "one"}})

    async with house:
        before = house.chassis.config
        house.write("config.yaml", "plugins:\n  strict: perhaps\n  directories: 7\nservise: {}\n")
        await house.until(lambda: house.said("config.yaml:2:11 plugins.strict"))
        await house.until(lambda: house.said("stays as it was read last"))
        assert house.chassis.config is before
        house.write("config.yaml", "plugins: [")
        await house.until(lambda: house.said("config.yaml:1:"))
        house.configure({"x": {"word": "two"}})
        await house.says("x", "two")

        assert house.said("config.yaml:4:1 servise")


async def test_a_section_that_a_plugin_refuses_leaves_it_as_it_was(house: House) -> None:
    model = (
        "from pydantic import BaseModel\nclass Model(BaseModel):\n    level: int = 1\n    "
        "word: str = ''\n"
    )
    text = source("x", more=", config_schema=Model") + SAYS
    house.write("plugins/x.py", model + text)
    house.configure({"x": {"word": "one"}})

    async with house:
        house.configure({"x": {"word": "two", "level": "high"}})
        await house.until(lambda: house.said("x", "serves on", "config.yaml", "plugins.x.level"))
        assert house.word("x") == "one"

        house.configure({"x": {"word": "two", "level": 3}})
        await house.says("x", "two")


async def test_other_changes_are_said_to_need_a_restart_and_are_not_taken_in(house: House) -> None:
    house.plugin("x")

    async with house:
        house.configure(
            service={"name": "other"},
            management={"token": "something-secret"},
            lifecycle={"stop_timeout": 1},
        )
        await house.until(lambda: house.said("restart the process"))

        (line,) = [line for line in house.lines if "restart the process" in line]
        assert "changed at service.name, management.token, lifecycle.stop_timeout:" in line
        assert "something-secret" not in "".join(house.lines)
        assert house.chassis.config.service.name == "marty-service"
        assert not house.chassis.config.management.token
        assert house.generations() == {"x": 1}


async def test_plugins_are_disabled_and_enabled(house: House) -> None:
    house.plugin("x")

    async with house:
        house.configure({"disabled": ["x", "y"]})
        await house.until(lambda: house.status("x").state.value == "disabled")
        house.plugin("y")
        await house.until(lambda: "y" in house.names())
        assert house.status("y").state.value == "disabled"

        house.configure()
        await house.says("x", 1)
        await house.says("y", 1)


async def test_what_is_written_while_it_is_read_can_be_taken_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.plugin("x")
    writes = iter([lambda: house.configure({"disabled": ["x"]})])

    def digest_and_then_a_write(scene: Scene) -> str:
        before = configuration_stamp(scene)
        next(writes, lambda: None)()
        return before

    monkeypatch.setattr(f"{Watching.__module__}.configuration_stamp", digest_and_then_a_write)

    async with house:
        await house.until(lambda: house.status("x").state.value == "disabled")

        house.configure()
        await house.says("x", 1)


async def test_a_plugin_folder_comes_and_goes(house: House) -> None:
    house.write("more/x.py", source("x"))

    async with house:
        house.configure({"directories": ["plugins", "more"]})
        await house.says("x", 1)
        house.write("more/x.py", source("x", 2))
        await house.says("x", 2)

        house.configure({"directories": ["plugins"]})
        await house.until(lambda: house.names() == [])


async def test_a_section_and_its_plugin_come_in_one_breath(house: House) -> None:
    async with house:
        await house.is_quiet()
        house.configure({"x": {"word": "two"}})
        house.write("plugins/x.py", listening("x"))
        await house.says("x", "two")

        assert house.generations() == {"x": 1}


async def test_a_configuration_that_is_mounted_is_swapped(house: House) -> None:
    house.write("plugins/x.py", listening("x"))
    house.configure({"x": {"word": "one"}})
    text = (house.root / "config.yaml").read_text()
    (house.root / "config.yaml").unlink()
    house.write("..2026_1/config.yaml", text)
    house.write("..2026_2/config.yaml", text.replace('"one"', '"two"'))
    (house.root / "..data").symlink_to("..2026_1")
    (house.root / "config.yaml").symlink_to("..data/config.yaml")

    async with house:
        assert house.word("x") == "one"
        (house.root / "..data_tmp").symlink_to("..2026_2")
        (house.root / "..data_tmp").rename(house.root / "..data")
        await house.says("x", "two")


async def test_a_variable_of_the_dotenv_file_is_a_part_of_it(house: House) -> None:
    house.write("plugins/x.py", listening("x"))
    house.configure({"x": {"word": "one"}})

    async with house:
        house.write(".env", "MARTY_PLUGINS__X__WORD=two\n")
        await house.says("x", "two")


async def test_log_files_beside_the_configuration_are_nobodys_business(house: House) -> None:
    house.plugin("x")

    async with house:
        for number in range(20):
            house.write("service.log", "line\n" * number)
            house.write("data.db", json.dumps(number))
        house.plugin("x", 2)
        await house.says("x", 2)
