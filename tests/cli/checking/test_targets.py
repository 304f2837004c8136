"""What may be named: files, packages, folders, martyconfs, projects, distributions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ..conftest import Marty, Write
from .conftest import Check, found

BROKEN = """
    from marty_chassis.plugins import IPlugin, hookimpl, plugin

    @plugin(name="{0}", version="1", description="One")
    class One(IPlugin):
        @hookimpl
        def helth_check(self): ...
    """


def test_a_folder_is_searched_all_the_way_down(check: Check, write: Write) -> None:
    write("app/service.py", "import marty_chassis\n")
    write("app/other.py", "import nothing_that_is_there\n")
    write("app/plugins/one.py", BROKEN.format("one"))
    write("app/plugins/_helper.py", "raise SystemExit")
    write("app/plugins/two/__init__.py", "from .deep import Two\n")
    write("app/plugins/two/deep.py", BROKEN.format("two").replace("One", "Two"))
    write("app/plugins/tests/test_one.py", BROKEN.format("three"))
    write("app/.hidden/four.py", BROKEN.format("four"))
    write("app/martyconf.py", "from marty_hookspecs import hookimpl\n@hookimpl\ndef nothing(): ...")
    write("venv/pyvenv.cfg", "")
    write("venv/five.py", BROKEN.format("five"))

    data = check(".", "--static")

    assert found(data) == [
        ("app/martyconf.py", 3, "unknown-hook"),
        ("app/plugins/one.py", 6, "unknown-hook"),
        ("app/plugins/two/deep.py", 6, "unknown-hook"),
    ]
    assert data["files"] == 5


def test_a_folder_in_a_plugin_folder_is_to_be_a_package(check: Check, write: Write) -> None:
    write("plugins/one.py", "plugin_metadata = PluginMetadata(name='one')\n")
    write("plugins/two/two.py", BROKEN.format("two"))

    data = check("plugins")

    assert ("plugins/two", None, "unusable") in found(data)
    (one,) = [one for one in data["findings"] if one["rule"] == "unusable"]
    assert "no __init__.py" in one["message"]


def test_a_package_as_a_plugin_folder_has_it(check: Check, write: Write) -> None:
    write("plugins/one/__init__.py", "")
    write("plugins/one/parts/__init__.py", "")
    write("plugins/one/parts/_sums.py", "def f(: ...")
    write("plugins/one/parts/broken.py", BROKEN.format("one"))

    assert (
        found(check("plugins/one"))
        == found(check("plugins/one/__init__.py"))
        == [
            ("plugins/one/parts/_sums.py", 1, "syntax"),
            ("plugins/one/parts/broken.py", 6, "unknown-hook"),
        ]
    )


def test_one_module_of_a_package_is_imported_as_a_part_of_it(check: Check, write: Write) -> None:
    write("src/shop/__init__.py", "")
    write("src/shop/_levels.py", "LEVEL = 1")
    write("src/shop/plugins/__init__.py", "")
    write(
        "src/shop/plugins/one.py",
        "from .._levels import LEVEL\nfrom shop import _levels\n"
        "from marty_chassis.plugins import IPlugin, plugin\n\n"
        '@plugin(name="one", description="One")\nclass One(IPlugin): ...\n',
    )

    data = check("src/shop/plugins/one.py", "src/shop/_levels.py")

    assert (data["findings"], data["files"]) == ([], 2)


def test_files_that_are_named_twice_are_looked_at_once(check: Check, write: Write) -> None:
    write("plugins/one.py", BROKEN.format("one"))

    data = check("plugins", "plugins/one.py", "plugins/../plugins/one.py")

    assert found(data) == [("plugins/one.py", 6, "unknown-hook")]
    assert [one["name"] for one in data["plugins"]] == ["one"]


@pytest.fixture
def project(write: Write) -> None:
    """A project with two entry points, which is not installed."""
    write(
        "pyproject.toml",
        """
        [project]
        name = "our-plugins"
        version = "1.0"

        [project.entry-points."marty.plugins"]
        one = "our_plugins.one:One"
        gone = "our_plugins.gone:Gone"
        """,
    )
    write("src/our_plugins/__init__.py", "")
    write("src/our_plugins/_helper.py", "import time\n\nasync def wait():\n    time.sleep(1)\n")
    write(
        "src/our_plugins/one.py",
        """
        from marty_chassis.plugins import IPlugin
        from our_plugins import _helper

        class One(IPlugin):
            async def initialize(self): ...
        """,
    )


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("word", [".", "pyproject.toml"])
def test_a_project_that_is_not_installed(check: Check, here: Path, word: str) -> None:
    data = check(word)

    assert found(data) == [
        ("pyproject.toml", 7, "no-plugin"),
        ("src/our_plugins/_helper.py", 4, "blocking-call"),
        ("src/our_plugins/one.py", 5, "wrong-arguments"),
    ]
    assert data["plugins"] == []
    assert not list(here.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("[project]\nname = 'x'\n", ("pyproject.toml", None, "no-plugin")),
        ("[project\n", ("pyproject.toml", 1, "unreadable")),
        ("project = 3\n", ("pyproject.toml", None, "no-plugin")),
    ],
)
def test_a_project_file_that_names_nothing(
    check: Check, write: Write, text: str, finding: tuple[str, int | None, str]
) -> None:
    write("pyproject.toml", text)

    assert found(check("pyproject.toml")) == [finding]


@pytest.mark.parametrize("group", ["marty.plugin", "marty_plugins", "marty-chassis.plugins"])
def test_a_project_whose_group_is_nearly_ours(check: Check, write: Write, group: str) -> None:
    write("pyproject.toml", f'[project.entry-points."{group}"]\none = "ours.one:One"\n')

    (one,) = check(".")["findings"]

    assert (one["rule"], one["path"], one["line"]) == ("no-plugin", "pyproject.toml", 1)
    assert one["message"] == (
        f"the project names no entry point of the group 'marty.plugins', and one of {group!r}:"
        " nobody looks there"
    )
    assert one["hint"] == (
        "Did you mean 'marty.plugins'? Write [project.entry-points.\"marty.plugins\"]."
    )


def test_a_project_with_plugins_of_somebody_else(check: Check, write: Write) -> None:
    write("pyproject.toml", '[project.entry-points."mkdocs.plugins"]\none = "ours.one:One"\n')
    write("plugins/one.py", BROKEN.format("one"))

    assert found(check(".")) == [("plugins/one.py", 6, "unknown-hook")]


@pytest.fixture
def installed(write: Write, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with one plugin, on the path of this process."""
    info = "site/our_plugins-1.0.dist-info"
    write(f"{info}/METADATA", "Metadata-Version: 2.1\nName: our-plugins\nVersion: 1.0\n")
    write(f"{info}/entry_points.txt", "[marty.plugins]\none = our_plugins:One\n")
    write("site/our_plugins/__init__.py", BROKEN.format("one"))
    monkeypatch.setattr(sys, "path", [str(here / "site"), *sys.path])


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("word", ["our-plugins", "Our_Plugins"])
def test_a_distribution_that_is_installed(check: Check, word: str) -> None:
    data = check(word)

    assert found(data) == [("site/our_plugins/__init__.py", 6, "unknown-hook")]
    assert [(one["name"], one["kind"]) for one in data["plugins"]] == [("one", "entry point")]


@pytest.mark.usefixtures("installed")
def test_what_is_installed_belongs_to_every_configuration(
    check: Check, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MARTY_DISABLE_PLUGIN_AUTOLOAD")
    write("config.yaml", "plugins: {one: {}}")
    wanted = [("site/our_plugins/__init__.py", 6, "unknown-hook")]

    assert found(check("--static")) == wanted
    write("config.yaml", "plugins: {entry_points: named, one: {}}")
    assert found(check("--static")) == wanted
    write("config.yaml", "plugins: {entry_points: named}")
    assert found(check("--static")) == []
    write("config.yaml", "plugins: {disabled: [one]}")
    assert found(check("--static")) == []


def test_without_a_path_the_configured_plugins_are_looked_at(marty: Marty, write: Write) -> None:
    write("config.yaml", "plugins: {directories: [plugins], disabled: [two]}")
    write("plugins/one.py", BROKEN.format("one"))
    write("plugins/two.py", BROKEN.format("two"))

    said = marty("plugins", "check", "--static")

    assert said.exit_code == 1
    assert "plugins/one.py" in said.stdout
    assert "plugins/two.py" not in said.stdout
    assert said.stderr == "1 error and 0 warnings in 1 file.\n"
