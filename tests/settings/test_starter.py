"""The first configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import Field

from marty_chassis.errors import ConfigurationExists
from marty_chassis.settings import ChassisConfig, check, create_file, starter_text
from marty_chassis.settings.fields import SettingsModel


def test_it_loads_and_changes_nothing(workplace) -> None:
    path = create_file("config.yaml")

    assert path == Path("config.yaml")
    assert check(path) == []
    assert ChassisConfig.from_file(path).show() == ChassisConfig().show()


def test_it_is_as_good_without_its_comment_signs(load) -> None:
    config = load(without_comment_signs(starter_text()))

    shown = config.show()
    assert shown["plugins"].pop("my-plugin") == {"option": "value"}
    assert shown == ChassisConfig().show()


def test_it_has_every_key() -> None:
    text = starter_text()

    for row in ChassisConfig().show(origin=True):
        assert re.search(rf"^#? *#? *{row.path.split('.')[-1]}:", text, re.MULTILINE), row.path


def test_a_file_that_is_there_is_not_overwritten(write) -> None:
    path = write("service: {name: mine}\n")

    with pytest.raises(ConfigurationExists) as raised:
        create_file(path)

    assert raised.value.path == "config.yaml"
    assert ChassisConfig.from_file(path).service.name == "mine"


def test_a_folder_that_is_missing_is_not_made() -> None:
    with pytest.raises(FileNotFoundError):
        create_file("nowhere/config.yaml")


def test_the_sections_of_a_service_are_in_it() -> None:
    class Database(SettingsModel):
        dsn: str

    class ServiceConfig(ChassisConfig):
        database: Database = Field(description="where the orders are")

    assert starter_text(ServiceConfig).endswith(
        '\n# where the orders are\ndatabase:\n  # dsn: "required"\n'
    )


def without_comment_signs(text: str) -> str:
    """Take the comment sign from every line that holds a key."""
    return re.sub(r"^( *)# (?=(?: {2})*[a-z_-]+: |(?: {2})*[a-z_-]+:$)", r"\1", text, flags=re.M)
