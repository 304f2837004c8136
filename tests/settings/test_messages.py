"""What an operator reads when a configuration is refused; reading this is reading the manual."""

from __future__ import annotations

import pytest

from marty_chassis.errors import (
    ConfigurationError,
    ConfigurationExists,
    InvalidConfiguration,
    Problem,
)
from marty_chassis.settings import ChassisConfig


def test_all_that_is_wrong_is_said_at_once_line_by_line(refused, monkeypatch) -> None:
    monkeypatch.setenv("MARTY_EVENTS__MAILBOX", "plenty")
    monkeypatch.setenv("MARTY_SERVICE_NAME", "x")

    message = refused(
        """\
        service:
          nme: orders
          port: 99999
        servce: {}
        plugins:
          strct: true
          directorys: [./plugins]
          entry_points: some
          Required: [x]
          jwt_auth: {}
          jwt-auth: {}
          x__y: {}
          ui: {}
          settings:
            tracing: {prio: 3, from: [1]}
            a: 5
            A: {}
        management:
          listen: nowhere
        middleware:
          - use: "starlette.middleware.gzip:GZipMiddleware"
          - {options: {}}
          - use: gzip
        """,
        lifecycle={"stop_timeout": -1},
    )

    assert message == (
        "the configuration cannot be used, 19 problems:\n"
        "  argument lifecycle.stop_timeout: Input should be greater than 0.\n"
        "  config.yaml:2:8 service.nme: an unknown key. Did you mean 'name'?\n"
        "  config.yaml:3:9 service.port: Input should be less than or equal to 65535.\n"
        "  config.yaml:4:1 servce: an unknown key. Did you mean 'service'?\n"
        "  config.yaml:6:10 plugins.strct: a plugin's section must hold keys and values, found a"
        " single value. Did you mean `strict`?\n"
        "  config.yaml:7:3 plugins.directorys: a plugin's section must hold keys and values, found"
        " a list. Did you mean `directories`?\n"
        "  config.yaml:8:17 plugins.entry_points: Input should be 'all', 'named' or 'none'.\n"
        "  config.yaml:9:3 plugins.Required: a reserved word in another spelling."
        " Write `required`.\n"
        "  config.yaml:11:3 plugins.jwt-auth: another spelling of plugins.jwt_auth, at"
        " config.yaml:10:3. Keep one of them.\n"
        "  config.yaml:12:3 plugins.x__y: 'x__y' cannot be a plugin's name. Use letters, digits"
        " and single hyphens, underscores or dots between them; two underscores separate keys in"
        " the names of environment variables.\n"
        "  config.yaml:13:3 plugins.ui: reserved for a later version, and does nothing yet."
        " Remove it; no plugin may have this name.\n"
        "  config.yaml:15:21 plugins.settings.tracing.prio: an unknown key."
        " Did you mean 'priority'?\n"
        "  config.yaml:15:24 plugins.settings.tracing.from: Input should be a valid string.\n"
        "  config.yaml:16:8 plugins.settings.a: a plugin's section must hold keys and values, found"
        " a single value.\n"
        "  config.yaml:19:11 management.listen: must be host:port, as in"
        " 127.0.0.1:9001.\n"
        "  config.yaml:22:5 middleware.1.use: missing, and there is no default.\n"
        "  config.yaml:23:10 middleware.2.use: must be module:name, as in"
        " starlette.middleware.gzip:GZipMiddleware.\n"
        "  env:MARTY_EVENTS__MAILBOX events.mailbox: Input should be a valid integer, unable to"
        " parse string as an integer.\n"
        "  env:MARTY_SERVICE_NAME: an environment variable that sets nothing."
        " Did you mean 'MARTY_SERVICE__NAME'?"
    )


def test_the_problems_are_there_for_programs_too() -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig(service={"nme": 1})

    assert raised.value.problems == (
        Problem("service.nme", "an unknown key", "argument", "Did you mean 'name'?", "error"),
    )
    assert isinstance(raised.value, ConfigurationError)


@pytest.mark.parametrize("value", ["5", "1.5", "true", "2024-01-01"])
def test_what_yaml_takes_for_something_else_than_text_wants_quotes(refused, value) -> None:
    message = refused(f"service: {{version: {value}, tags: {value}}}")

    assert message == (
        "the configuration cannot be used, 2 problems:\n"
        "  config.yaml:1:20 service.version: must be a text: put it in quotes.\n"
        f"  config.yaml:1:{28 + len(value)} service.tags: must be a text: put it in quotes."
    )


def test_no_error_carries_pydantics_own_with_its_inputs() -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        ChassisConfig(management={"token": {"hush": 1}})

    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert "hush" not in str(raised.value)


def test_a_problem_without_a_path_or_a_place_reads_well() -> None:
    assert str(Problem("", "bad")) == "bad."
    assert str(Problem("a.b", "bad", hint="Mend it.")) == "a.b: bad. Mend it."
    assert str(Problem("", "bad", "x.yaml")) == "x.yaml: bad."


def test_a_file_that_is_there_is_left_alone() -> None:
    assert str(ConfigurationExists("c.yaml")) == (
        "c.yaml exists already and is left as it is. Name another file, or remove it."
    )
