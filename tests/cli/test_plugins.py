"""`marty plugins`: which plugins there are, and what would become of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Marty, Write

CONFIG = """
    plugins:
      directories: [./plugins]
      disabled: [sleeper]
      audit:
        level: 3
    """

AUDIT = '''
    """Notes."""
    from pydantic import BaseModel, SecretStr
    from marty_chassis.plugins import IServicePlugin, plugin

    class Settings(BaseModel):
        level: int = 1
        api_token: SecretStr = SecretStr("changeme")

    print("a plugin that prints while it is imported")

    @plugin(name="audit", version="1.2.0", description="Notes", config_schema=Settings,
            dependencies=["store>=1"])
    class Audit(IServicePlugin):
        async def on_service_register(self, service_info):
            pass
    '''

STORE = """
    from marty_hookspecs import PluginMetadata, hookimpl

    plugin_metadata = PluginMetadata(name="store", version="1.0.0", description="Keeps")

    @hookimpl(priority=5)
    def health_check():
        return {"healthy": True}
    """


@pytest.fixture
def service(write: Write) -> None:
    """A configuration with two plugins that fit, one that is disabled."""
    write("config.yaml", CONFIG)
    write("plugins/audit.py", AUDIT)
    write("plugins/store.py", STORE)
    write("plugins/sleeper.py", STORE.replace('"store"', '"sleeper"'))


@pytest.mark.usefixtures("service")
def test_the_list_names_each_plugin_and_where_it_is_from(marty: Marty, here: Path) -> None:
    shown = marty("plugins", "list")

    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "name     version  state     source",
        f"store    1.0.0    starts    {here}/plugins/store.py",
        f"audit    1.2.0    starts    {here}/plugins/audit.py",
        f"sleeper  0.0.0    disabled  {here}/plugins/sleeper.py",
    ]
    assert "disabled: sleeper: disabled by plugins.disabled (config.yaml:3:14)." in shown.stderr


@pytest.mark.usefixtures("service")
def test_data_is_on_stdout_alone_whatever_plugins_print(marty: Marty) -> None:
    shown = marty("plugins", "list", "--json")

    assert [one["name"] for one in json.loads(shown.stdout)] == ["store", "audit", "sleeper"]
    assert "a plugin that prints" in shown.stderr


@pytest.mark.usefixtures("service")
def test_a_plugin_is_told_with_its_hooks_and_without_its_secrets(marty: Marty) -> None:
    text = marty("plugins", "info", "Audit").stdout
    facts = json.loads(marty("plugins", "info", "audit", "--json").stdout)

    assert text.startswith("audit 1.2.0  Notes\n")
    assert "hooks                 service.post_register" in text
    assert facts["dependencies"] == ["store>=1"]
    assert facts["hooks"] == ["service.post_register"]
    assert facts["configuration"] == {"level": 3}
    assert facts["config_schema"] == "Settings"
    assert len(facts["sha256"]) == 64


@pytest.mark.usefixtures("service")
def test_secrets_of_a_section_are_masked(marty: Marty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__AUDIT__API_TOKEN", "hunter2")

    shown = marty("plugins", "info", "audit")

    assert "api_token: ***" in shown.stdout
    assert "hunter2" not in shown.output


@pytest.mark.usefixtures("service")
def test_a_misspelt_plugin_is_answered_with_the_one_that_was_meant(marty: Marty) -> None:
    said = marty("plugins", "info", "audti")

    assert said.exit_code == 1
    assert said.stderr.endswith(
        "error: no plugin here is called 'audti'. Did you mean 'audit'? `marty plugins list` shows"
        " those that are.\n"
    )


@pytest.mark.usefixtures("service")
def test_a_check_without_findings_is_zero(marty: Marty) -> None:
    said = marty("plugins", "check")

    assert (said.exit_code, said.stdout) == (0, "")
    assert said.stderr.endswith("Nothing is wrong in 2 files; 2 of 3 plugins would start.\n")


@pytest.mark.usefixtures("service")
def test_a_check_finds_all_that_would_keep_plugins_from_starting(
    marty: Marty, write: Write
) -> None:
    write("plugins/audit.py", AUDIT.replace("level: int", "level: bool"))
    write("plugins/broken.py", "def f(:\n")
    write(
        "plugins/hook.py",
        "from marty_hookspecs import hookimpl\n@hookimpl\ndef helth_check(): ...\n",
    )
    write("plugins/raises.py", RAISES)
    write(
        "plugins/needs.py", STORE.replace('name="store"', 'name="needs", dependencies=("nobody",)')
    )
    write(
        "plugins/waits.py", STORE.replace('name="store"', 'name="waits", dependencies=("needs",)')
    )

    said = marty("plugins", "check")
    as_data = marty("plugins", "check", "--json")

    assert said.exit_code == as_data.exit_code == 1
    found = json.loads(as_data.stdout)
    told = {(one["path"], one["line"]): one for one in found["findings"]}
    section = told["config.yaml", 5]
    assert (section["rule"], section["message"]) == (
        "configuration",
        "plugins.audit.level: Input should be a valid boolean, unable to interpret input",
    )
    assert told["plugins/broken.py", 1]["rule"] == "syntax"
    assert "Did you mean 'health_check'?" in told["plugins/hook.py", 3]["hint"]
    assert told["plugins/raises.py", 6]["message"] == "ZeroDivisionError: division by zero"
    assert told["plugins/needs.py", 3]["message"] == (
        "it needs 'nobody', which no plugin here is or provides"
    )
    assert told["plugins/waits.py", 3]["message"] == "it needs 'needs', which would not start"
    assert not found["ok"]
    assert {one["name"] for one in found["plugins"]} == {
        "audit",
        "broken",
        "hook",
        "needs",
        "raises",
        "waits",
    }
    assert "plugins/waits.py\n  3:19    error: it needs 'needs'" in said.stdout
    assert said.stderr.endswith("; 1 of 8 plugins would start.\n")


RAISES = """
    from marty_chassis.plugins import IPlugin, plugin

    @plugin(name="raises")
    class Raises(IPlugin):
        def __init__(self):
            1 / 0
    """


def test_two_plugins_of_one_name_are_both_listed(marty: Marty, write: Write) -> None:
    write("config.yaml", CONFIG)
    write("plugins/one.py", STORE)
    write("plugins/two.py", STORE)

    found = json.loads(marty("plugins", "list", "--json").stdout)

    assert [(one["name"], one["state"]) for one in found] == [("store", "error")] * 2
    assert "2 plugins are called 'store'" in found[0]["problem"]


@pytest.mark.usefixtures("service")
def test_the_graph_shows_who_starts_after_whom(marty: Marty) -> None:
    text = marty("plugins", "graph").stdout
    facts = json.loads(marty("plugins", "graph", "--json").stdout)
    dot = marty("plugins", "graph", "--dot").stdout

    assert text == "1  store\n2  audit (after store>=1)\n"
    assert facts["levels"] == [["store"], ["audit"]]
    assert '  "audit" -> "store";\n' in dot


def test_a_cycle_is_drawn(marty: Marty, write: Write) -> None:
    write("config.yaml", CONFIG)
    for name, other in (("a", "b"), ("b", "a")):
        write(
            f"plugins/{name}.py",
            STORE.replace('name="store"', f'name="{name}", dependencies=("{other}",)'),
        )

    drawn = marty("plugins", "graph")
    checked = marty("plugins", "check")

    assert "plugins wait for each other:\n" in drawn.stdout
    assert "└─> " in drawn.stdout
    assert json.loads(marty("plugins", "graph", "--json").stdout)["cycles"]
    assert checked.exit_code == 1


def test_a_folder_that_is_not_there_fails_the_check(marty: Marty, write: Write) -> None:
    write("config.yaml", "plugins: {directories: [./plugns]}")

    said = marty("plugins", "check")

    assert said.exit_code == 1
    assert "plugns" in said.stdout


def test_no_plugins_are_no_error(marty: Marty) -> None:
    said = marty("plugins", "list")

    assert (said.exit_code, said.stdout) == (0, "")
    assert "There are no plugins here." in said.stderr


def test_a_priority_that_initialize_would_read_keeps_nobody_out(marty: Marty, write: Write) -> None:
    write("config.yaml", CONFIG)
    write(
        "plugins/late.py",
        """
        from marty_chassis.plugins import IMiddlewarePlugin, plugin

        @plugin(name="late", version="1.0.0")
        class Late(IMiddlewarePlugin):
            async def initialize(self, context):
                self.priority = context.get_config("priority", 10)

            async def process_request(self, request, call_next):
                return await call_next(request)

            def get_middleware_priority(self):
                return self.priority
        """,
    )

    (found,) = json.loads(marty("plugins", "list", "--json").stdout)

    assert (found["name"], found["state"]) == ("late", "starts")
