"""Bad input: an error with the place and what to do; what it does not concern still runs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from marty_chassis import Chassis, create_app
from marty_chassis.errors import InvalidConfiguration

from .files import LEANING, NEIGHBOUR, hooked, troubled
from .house import Project, Service
from .test_phases import assert_the_others_serve

Make = Callable[..., Service]

WITH_A_MODEL = """
from marty_chassis.plugins import IPlugin, plugin
from pydantic import BaseModel

class Settings(BaseModel, extra="forbid"):
    host: str
    port: int = 1

@plugin(name="troubled", config_schema=Settings)
class Troubled(IPlugin): ...
"""


def furnish(project: Project, text: str | bytes | None = None) -> None:
    if text is not None:
        project.plugin("troubled", text)
    project.plugin("leaning", LEANING)
    project.plugin("neighbour", NEIGHBOUR)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            hooked("service_pre_regster", "service_info", "pass"),
            ("troubled.py:44", "'service_pre_regster'", "Did you mean 'service_pre_register'?"),
        ),
        (hooked("no_such_hook", "", "pass"), ("troubled.py:44", "`marty hooks list` shows")),
        (
            hooked("service_pre_register", "service_inof", "pass"),
            ("troubled.py:44", "service_inof", "the hook has service_info", "Did you mean"),
        ),
        (hooked("health_check", "*more", "pass"), ("troubled.py:44", "*more", "no arguments")),
        (
            troubled(start="self.context.extension_points.register_handler('health.chek', len)"),
            ("'health_chek'", "Did you mean 'health_check'?"),
        ),
        (
            troubled(start="self.context.event_bus.subscribe('news..x', len)"),
            ("'news..x'", "Use words with dots"),
        ),
        ("import os\nclass (:\n", ("troubled.py:2", "SyntaxError", "Mend it")),
        (b"x = 1\nname = '\xe9'\n", ("troubled.py:2", "not UTF-8: byte 0xe9", "Mend it")),
        (b"\0", ("troubled.py:1", "null bytes", "Mend it")),
        ("import no_such_library\n", ("troubled.py:1", "Install what brings 'no_such_library'")),
        ("import neighbour\n", ("troubled.py:1", "write `from . import neighbour`")),
        (troubled().replace('"1.2.3"', "3"), ("version", "troubled.py")),
        (troubled().replace('"open"', '"ajar"'), ("ajar", "closed", "open")),
    ],
)
async def test_a_plugin_file_that_is_wrong_says_where_and_what_to_do(
    project: Project, service: Make, text: str | bytes, said: tuple[str, ...]
) -> None:
    furnish(project, text)

    async with service() as running:
        one = running.status("troubled")
        assert one.state.value == "error"
        for words in said:
            assert words in one.reason
        assert running.status("leaning").blocked_by == ("troubled",)
        await assert_the_others_serve(running)
        await running.assert_nothing_of("troubled", "leaning")


async def test_two_plugins_of_one_name_are_both_named(project: Project, service: Make) -> None:
    furnish(project, troubled())
    project.plugin("again", troubled())

    async with service() as running:
        one = running.status("troubled")
        assert one.state.value == "error"
        for words in ("troubled.py", "again.py", "plugins.settings.troubled.from"):
            assert words in one.reason
        await assert_the_others_serve(running)
        await running.assert_nothing_of("troubled", "leaning")


async def test_one_of_two_of_one_name_can_be_chosen(project: Project, service: Make) -> None:
    furnish(project, troubled())
    project.plugin("again", troubled())
    project.configure({"settings": {"troubled": {"from": "plugins/again.py"}}})

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        assert running.status("troubled").source.endswith("again.py")
        await assert_the_others_serve(running)


async def test_a_plugin_file_that_is_a_folder_says_so(project: Project, service: Make) -> None:
    furnish(project)
    (project.root / "plugins/troubled.py").mkdir()

    async with service() as running:
        assert "it is a folder. Rename it" in running.status("troubled").reason
        assert running.states()["leaning"] == "blocked"
        await assert_the_others_serve(running)


async def test_a_folder_that_is_missing_is_said_with_its_place(
    project: Project, service: Make, log: list[str]
) -> None:
    furnish(project)
    project.configure({"directories": ["plugins", "nowhere"]})

    async with service() as running:
        (problem,) = [one for one in running.chassis.found.problems if "nowhere" in str(one)]
        assert "config.yaml:5" in problem.place
        assert problem.hint == "Create it, or take it out."
        assert any(str(problem) in line for line in log)
        await assert_the_others_serve(running)


async def test_a_file_without_a_plugin_is_said(
    project: Project, service: Make, log: list[str]
) -> None:
    furnish(project, "x = 1\n")

    async with service() as running:
        assert any("troubled.py: there is no plugin in it" in line for line in log)
        (need,) = running.status("leaning").blocked_by
        assert need == "troubled"
        await assert_the_others_serve(running)


@pytest.mark.parametrize(
    ("section", "key", "said"),
    [
        ({"hots": "db"}, "hots", ("troubled.hots", "Did you mean 'host'?")),
        ({"host": "db", "port": "many"}, "port", ("troubled.port", "integer")),
        ({}, "troubled", ("troubled.host", "there is no default")),
    ],
)
async def test_a_section_that_does_not_fit_stops_its_plugin_alone(
    project: Project, service: Make, section: dict[str, str], key: str, said: tuple[str, ...]
) -> None:
    furnish(project, WITH_A_MODEL)
    path = project.configure({"troubled": section})
    lines = path.read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if f'"{key}"' in text)

    async with service() as running:
        one = running.status("troubled")
        assert (one.state.value, one.phase) == ("error", "configure")
        for words in (f"config.yaml:{line}:", *said):
            assert words in one.reason
        assert running.status("leaning").blocked_by == ("troubled",)
        await assert_the_others_serve(running)


async def test_a_wrong_type_in_the_environment_is_named_by_its_variable(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(project, WITH_A_MODEL)
    project.configure({"troubled": {"host": "db"}})
    monkeypatch.setenv("MARTY_PLUGINS__TROUBLED__PORT", "many")

    async with service() as running:
        assert running.status("troubled").phase == "configure"
        assert "env:MARTY_PLUGINS__TROUBLED__PORT" in running.status("troubled").reason
        assert running.status("neighbour").state.value == "started"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("service:\n  nmae: x\n", (":2:9 service.nmae", "Did you mean 'name'?")),
        ("plugin:\n  directories: []\n", (":1:1 plugin", "Did you mean 'plugins'?")),
        ("service:\n  port: many\n", (":2:9 service.port", "integer")),
        (
            "plugins:\n  settings:\n    x: {enabeld: 1}\n",
            (":3:18 plugins.settings.x.enabeld", "Did you mean 'enabled'?"),
        ),
        ("plugins:\n  x: 3\n", (":2:6 plugins.x", "keys and values")),
        ("service:\n  name: a\n  name: b\n", (":3:3 service.name", "second time", ":2:3")),
        ("service:\n\tname: x\n", (":2:1", "Mend the YAML there")),
        ("- 1\n", (":1:1", "Begin with `service:`")),
        (b"service:\n  name: '\xe9'\n", (":2:10", "Save the file as UTF-8")),
        (b"\0", (":1:1", "a control character")),
        ("service: !!python/object:os.system x\n", ("a YAML tag", "Remove it")),
        (BOMB, ("expands to more than 100,000 values", "Write fewer aliases")),
        ("[" * 500, ("nested deeper than 100 levels",)),
        ("service:\n  nmae: x\n  port: many\n", ("2 problems", ":2:9", ":3:9")),
    ],
)
@pytest.mark.parametrize("make", [Chassis, create_app])
def test_a_configuration_that_is_wrong_makes_no_service_and_says_where(
    project: Project, make: Callable[..., object], text: str | bytes, said: tuple[str, ...]
) -> None:
    furnish(project)
    path = project.write("config.yaml", text)
    began = time.monotonic()

    with pytest.raises(InvalidConfiguration) as raised:
        make(path)

    assert time.monotonic() - began < 5, "a bomb goes off in exponential time"
    assert str(path) in str(raised.value)
    for words in said:
        assert words in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MARTY_SERVICE__PORT", "many", ("env:MARTY_SERVICE__PORT service.port", "integer")),
        ("MARTY_SERVICE__PROT", "1", ("env:MARTY_SERVICE__PROT", "Did you mean 'port'?")),
        ("MARTY_PLUGINS__REQUIRED", "[", ("env:MARTY_PLUGINS__REQUIRED",)),
        ("MARTY_LIFECYCLE__START_TIMEOUT", "-1", ("greater than 0",)),
    ],
)
def test_a_variable_that_is_wrong_makes_no_service_and_is_named(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    said: tuple[str, ...],
) -> None:
    path = project.configure()
    monkeypatch.setenv(variable, value)

    with pytest.raises(InvalidConfiguration) as raised:
        Chassis(path)

    for words in said:
        assert words in str(raised.value)


def test_a_configuration_that_is_not_there_says_how_to_make_one(project: Project) -> None:
    with pytest.raises(InvalidConfiguration, match="marty config create"):
        Chassis(project.root / "nowhere.yaml")

    with pytest.raises(InvalidConfiguration, match="is a folder"):
        Chassis(project.root)


async def test_a_misspelt_section_is_a_warning_with_a_guess(
    project: Project, service: Make, log: list[str]
) -> None:
    furnish(project, troubled())
    project.configure({"troubeld": {"host": "db"}})

    async with service() as running:
        assert any("troubeld" in line and "Did you mean 'troubled'?" in line for line in log)
        assert set(running.states().values()) == {"started"}
        missing = (await running.managed("/plugins/status")).json()["missing"]
        assert [one["name"] for one in missing] == ["troubeld"]
        assert "plugins.settings.troubeld.required" in missing[0]["reason"]
