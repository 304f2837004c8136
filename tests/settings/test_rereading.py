"""A configuration is read again while what it was still runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from marty_chassis.errors import InvalidConfiguration
from marty_chassis.settings import ChassisConfig


def test_it_is_read_as_it_is_now_with_the_same_arguments_and_answers(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("service: {name: one, port: 1}")
    config = ChassisConfig.load(file, {"service": {"port": 2}}, [{"events": {"mailbox": 3}}])
    file.write_text("service: {name: two, port: 3}")

    fresh = config.reread()

    assert (fresh.service.name, fresh.service.port, fresh.events.mailbox) == ("two", 2, 3)
    assert config.service.name == "one"


def test_one_that_cannot_be_used_says_why_and_the_first_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("service: {port: 1}")
    config = ChassisConfig.from_file(file)
    file.write_text("service: {port: many}")

    with pytest.raises(InvalidConfiguration, match=r"config\.yaml:1:17 service\.port"):
        config.reread()

    assert config.service.port == 1


def test_only_the_plugins_of_another_one_may_be_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("service: {name: one}\nplugins: {audit: {level: 1}}")
    config = ChassisConfig.from_file(file)
    file.write_text("service: {name: two}\nplugins:\n  audit: {level: 2}")

    mixed = config.with_plugins_of(config.reread())

    assert mixed.service.name == "one"
    assert mixed.plugins.section("audit") == {"level": 2}
    assert mixed.origin("plugins.audit.level").endswith("config.yaml:3:18")
    assert mixed.path == file


def test_a_secret_that_was_stays_masked(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("plugins: {audit: {password: first-one}}")
    config = ChassisConfig.from_file(file)
    for word in ("second-one", "third-one"):
        file.write_text(f"plugins: {{audit: {{password: {word}}}}}")
        config = config.with_plugins_of(config.reread())

    assert config.masked("first-one second-one third-one fourth-one") == "*** *** *** fourth-one"
