"""`marty config`: checked, shown, begun."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Marty, Write

PLUGIN = """
    from pydantic import BaseModel
    from marty_chassis.plugins import IPlugin, plugin

    class Settings(BaseModel):
        retries: int = 3
        pepper: str = ""

    @plugin(name="mailer", config_schema=Settings)
    class Mailer(IPlugin):
        pass
    """


def test_all_that_is_wrong_is_said_at_once_with_its_place(marty: Marty, write: Write) -> None:
    write(
        "config.yaml",
        """
        service:
          prot: 8000
        plugins:
          directories: [./plugins]
          mailer:
            retries: often
        """,
    )
    write("plugins/mailer.py", PLUGIN)

    said = marty("config", "check")
    as_data = marty("config", "check", "--json")

    assert said.exit_code == as_data.exit_code == 1
    assert said.stdout == (
        "error: config.yaml:2:9 service.prot: an unknown key. Did you mean 'port'?\n"
        "error: config.yaml:6:14 plugins.mailer.retries: Input should be a valid integer, unable to"
        " parse string as an integer.\n"
    )
    found = json.loads(as_data.stdout)
    assert (found["ok"], found["file"]) == (False, "config.yaml")
    assert found["problems"][0]["place"] == "config.yaml:2:9"


def test_sections_are_checked_by_the_models_of_their_plugins(marty: Marty, write: Write) -> None:
    write(
        "config.yaml",
        """
        plugins:
          directories: [./plugins]
          mailer:
            retries: often
          mailr: {}
        """,
    )
    write("plugins/mailer.py", PLUGIN)

    said = marty("config", "check")

    assert said.exit_code == 1
    assert said.stdout.splitlines() == [
        "error: config.yaml:4:14 plugins.mailer.retries: Input should be a valid integer, unable to"
        " parse string as an integer.",
        "warning: config.yaml:5:3 plugins.mailr: no such plugin is known. Did you mean 'mailer'?",
    ]
    assert said.stderr == "config.yaml: 1 error and 1 warning.\n"


def test_warnings_alone_are_no_failure(marty: Marty, write: Write) -> None:
    write("config.yaml", "plugins: {nobody: {}}")

    said = marty("config", "check")

    assert said.exit_code == 0
    assert said.stdout.startswith("warning: config.yaml:1:11 plugins.nobody: ")


def test_a_configuration_without_faults_is_said_to_have_none(marty: Marty, write: Write) -> None:
    write("config.yaml", "service: {port: 80}")

    said = marty("config", "check")

    assert (said.exit_code, said.stdout) == (0, "")
    assert said.stderr == "config.yaml: nothing is wrong.\n"


@pytest.mark.parametrize("plugins", ["disabled: [mailer]", "settings: {}"])
def test_a_section_whose_model_is_not_known_is_not_shown(
    marty: Marty, write: Write, plugins: str
) -> None:
    write(
        "config.yaml",
        f"""
        plugins:
          directories: [./plugins]
          {plugins}
          mailer: {{pepper: cayenne, to: {{address: ada, retries: 5}}}}
        """,
    )
    if "disabled" in plugins:
        write("plugins/mailer.py", PLUGIN)

    shown = json.loads(marty("config", "show", "--json").stdout)

    hidden = {"pepper": "***", "to": "***"}
    assert shown["plugins"]["mailer"] == hidden


def test_values_are_shown_with_their_origins_and_secrets_are_not(
    marty: Marty, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        "config.yaml",
        """
        service: {name: shop}
        plugins:
          directories: [./plugins]
          mailer: {pepper: cayenne, retries: 5, smtp_password: hunter2}
        """,
    )
    write(
        "plugins/mailer.py",
        PLUGIN.replace("pepper: str", "smtp_password: str = ''\n        pepper: str"),
    )
    monkeypatch.setenv("MARTY_SERVICE__PORT", "9999")
    monkeypatch.setenv("MARTY_MANAGEMENT__TOKEN", "abracadabra")

    plain = marty("config", "show")
    origins = marty("config", "show", "--origin")
    as_data = {
        one["path"]: one for one in json.loads(marty("config", "show", "--origin", "--json").stdout)
    }

    assert "\n    pepper: cayenne\n" in plain.stdout
    assert "\n    smtp_password: '***'\n" in plain.stdout
    assert json.loads(marty("config", "show", "--json").stdout)["service"]["name"] == "shop"
    assert as_data["service.port"] == {
        "path": "service.port",
        "value": 9999,
        "origin": "env:MARTY_SERVICE__PORT",
    }
    assert as_data["service.name"]["origin"] == "config.yaml:1:17"
    assert as_data["service.host"]["origin"] == "default"
    assert "env:MARTY_SERVICE__PORT" in origins.stdout
    for said in (plain, origins):
        assert "hunter2" not in said.output
        assert "abracadabra" not in said.output


def test_the_schema_knows_the_sections_of_plugins(marty: Marty, write: Write) -> None:
    write("config.yaml", "plugins: {directories: [./plugins]}")
    write("plugins/mailer.py", PLUGIN)

    schema = json.loads(marty("config", "schema", "--json").stdout)

    section = schema["$defs"]["PluginsSettings"]["properties"]["mailer"]
    model = schema["$defs"][section["$ref"].removeprefix("#/$defs/")]
    assert model["properties"].keys() == {"retries", "pepper"}


def test_a_configuration_is_begun_and_never_overwritten(marty: Marty, here: Path) -> None:
    first, second = marty("config", "create"), marty("config", "create")

    assert first.exit_code == 0
    assert first.stderr == "config.yaml is written.\n"
    assert marty("config", "check").exit_code == 0
    assert second.exit_code == 1
    assert second.stderr.startswith("error: config.yaml exists already")


def test_the_file_is_named_before_or_behind_the_command_or_by_a_variable(
    marty: Marty, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in ("before", "behind", "variable"):
        write(f"{word}.yaml", f"service: {{name: {word}}}")
    monkeypatch.setenv("MARTY_CONFIG", "variable.yaml")

    def name(*args: str) -> str:
        return str(json.loads(marty(*args).stdout)["service"]["name"])

    assert name("-c", "before.yaml", "config", "show", "--json") == "before"
    assert name("config", "show", "--json", "-c", "behind.yaml") == "behind"
    assert name("-c", "before.yaml", "config", "show", "--json", "-c", "behind.yaml") == "behind"
    assert name("config", "show", "--json") == "variable"
