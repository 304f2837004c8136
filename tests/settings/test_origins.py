"""Where each value is from, and what the command line shows."""

from __future__ import annotations

import datetime as dt

import pytest

from marty_chassis.settings import ChassisConfig, Shown


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("service.name", "config.yaml:2:9"),
        ("service", "config.yaml:1:1"),
        ("service.port", "default"),
        ("service.tags", "config.yaml:3:3"),
        ("service.tags.1", "config.yaml:3:13"),
        ("service.tags.9", "config.yaml:3:3"),
        (("service", "tags", 0), "config.yaml:3:10"),
        ("plugins.directories.0", "config.yaml:5:17"),
        ("plugins.directories.1", "argument"),
        ("plugins.jwt_auth.a", "config.yaml:6:17"),
        ("plugins.JWT.Auth", "default"),
        (("plugins", "JWT.Auth", "a"), "config.yaml:6:17"),
        ("plugins.settings.JWT_AUTH.priority", "config.yaml:8:28"),
        ("plugins.settings.jwt-auth.from", "default"),
        ("plugins.404.1", "config.yaml:9:14"),
        ("plugins.settings", "config.yaml:7:3"),
        ("events.mailbox", "env:MARTY_EVENTS__MAILBOX"),
        ("no.such.key", "default"),
        ("", "default"),
    ],
    ids=str,
)
def test_every_value_has_a_place(load, monkeypatch, path, place: str) -> None:
    monkeypatch.setenv("MARTY_EVENTS__MAILBOX", "5")
    config = load(
        """\
        service:
          name: a
          tags: [a, b]
        plugins:
          directories: [p]
          jwt-auth: {a: 1}
          settings:
            jwt_auth: {  priority: 1}
          404: {  1: 2}
        """,
        plugins={"directories": ["q"]},
    )

    assert config.origin(path) == place


def test_what_is_shown_can_be_said_in_json(load) -> None:
    config = load(
        "plugins: {x: {day: 2024-01-02, big: !!binary aGk=}}\n",
        plugins={"directories": ["p"], "y": {"client": object(), "empty": {}}},
    )

    shown = config.show()

    assert shown["plugins"]["directories"] == ["p"]
    assert shown["plugins"]["x"] == {"day": "2024-01-02", "big": "<bytes>"}
    assert shown["plugins"]["y"] == {"client": "<object>", "empty": {}}
    assert config.plugins.section("x")["day"] == dt.date(2024, 1, 2)


def test_each_value_is_shown_with_its_place(load) -> None:
    config = load("plugins:\n  settings: {x: {from: here}}\n  x: {token: hush}\n")

    rows = {row.path: row for row in config.show(origin=True)}

    assert rows["plugins.settings.x.from"] == Shown(
        "plugins.settings.x.from", "here", "config.yaml:2:24"
    )
    assert rows["plugins.x.token"] == Shown("plugins.x.token", "***", "config.yaml:3:14")
    assert rows["service.port"] == Shown("service.port", 8000, "default")
    assert rows["management.token"].value == []
    assert len(rows) == len(config.show(origin=True))


def test_every_default_is_shown_as_one() -> None:
    assert {row.origin for row in ChassisConfig().show(origin=True)} == {"default"}
