"""`marty new`: what is written, what is left alone, and what no project can be called."""

from __future__ import annotations

import ast
import json
import os
import tomllib
from pathlib import Path

import pytest

from marty_chassis.cli.new import Name, plugin, service, write
from marty_chassis.cli.new.project import TEMPLATES
from marty_chassis.settings.names import RESERVED

from .conftest import Marty, Write

PLUGIN = [
    ".github/workflows/tests.yml",
    ".gitignore",
    "README.md",
    "config.yaml",
    "pyproject.toml",
    "src/rate_limit/__init__.py",
    "src/rate_limit/metrics.py",
    "src/rate_limit/middleware.py",
    "src/rate_limit/py.typed",
    "tests/test_metrics.py",
    "tests/test_middleware.py",
]
SERVICE = [
    ".github/workflows/tests.yml",
    ".gitignore",
    "README.md",
    "config.yaml",
    "plugins/timing.py",
    "pyproject.toml",
    "rate_limit/__init__.py",
    "rate_limit/service.py",
    "tests/test_service.py",
    "tests/test_timing.py",
]


def inside(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


@pytest.mark.parametrize(
    ("line", "files"),
    [("plugin", PLUGIN), ("service", SERVICE), ("service --fastapi", SERVICE)],
)
def test_the_folder_holds_what_was_said(
    marty: Marty, here: Path, line: str, files: list[str]
) -> None:
    said = marty("new", *line.split(), "Rate_Limit")

    assert said.exit_code == 0, said.stderr
    assert said.stdout == ""
    head, *rest = said.stderr.splitlines()
    assert head == "New in rate-limit:"
    assert [one.strip() for one in rest[: len(files)]] == files
    assert inside(here / "rate-limit") == files


def test_the_next_commands_are_named(marty: Marty) -> None:
    of_plugin, of_service = marty("new", "plugin", "one"), marty("new", "service", "two")

    assert of_plugin.stderr.partition("Next:\n")[2] == (
        '  cd one\n  pip install -e . "marty-chassis[standard,testing]"\n  pytest\n  marty dev\n'
    )
    assert of_service.stderr.partition("Next:\n")[2] == (
        "  cd two\n"
        '  pip install "marty-chassis[standard,testing]"\n'
        "  pytest\n"
        "  marty dev two.service:app\n"
    )


def test_the_files_come_as_json(marty: Marty, here: Path) -> None:
    (here / "below").mkdir()

    said = marty("new", "plugin", "rate-limit", "--into", "below", "--json")

    assert said.stderr == ""
    assert json.loads(said.stdout) == {"folder": "below/rate-limit", "written": PLUGIN, "kept": []}


def test_a_new_folder_is_as_open_as_any_other(marty: Marty, here: Path) -> None:
    (here / "other").mkdir()

    marty("new", "plugin", "rate-limit")

    assert (here / "rate-limit").stat().st_mode == (here / "other").stat().st_mode


@pytest.mark.parametrize("before", ["new", "empty"])
def test_an_empty_folder_is_as_good_as_a_new_one(marty: Marty, here: Path, before: str) -> None:
    if before == "empty":
        (here / "rate-limit").mkdir()

    said = marty("new", "service", "rate-limit")

    assert said.exit_code == 0
    assert [one.name for one in here.iterdir()] == ["rate-limit"]


def test_a_folder_that_holds_something_is_left_alone(marty: Marty, write: Write) -> None:
    mine = write("rate-limit/mine.txt", "mine")

    said = marty("new", "plugin", "rate-limit")

    assert said.exit_code == 2
    assert said.stderr.endswith(
        "Error: Invalid value for NAME: rate-limit is not empty, and nothing is overwritten. Take"
        " another name or another folder (--into); --force writes the files that are missing"
        " there.\n"
    )
    assert inside(mine.parent) == ["mine.txt"]


def test_force_writes_what_is_missing_and_says_what_was_there(marty: Marty, write: Write) -> None:
    mine = write("rate-limit/pyproject.toml", "# mine")
    dangling = mine.parent / "README.md"
    dangling.symlink_to("nowhere.md")

    said = marty("new", "plugin", "rate-limit", "--force", "--json")

    assert said.exit_code == 0
    assert mine.read_text() == "# mine"
    assert os.readlink(dangling) == "nowhere.md"
    found = json.loads(said.stdout)
    assert found["kept"] == ["README.md", "pyproject.toml"]
    assert sorted(found["written"] + found["kept"]) == PLUGIN


def test_force_says_which_files_are_as_they_were(marty: Marty, write: Write) -> None:
    write("rate-limit/config.yaml", "# mine")

    said = marty("new", "plugin", "rate-limit", "--force")

    assert "\nThere already, and left as they are:\n  config.yaml\nNext:\n" in said.stderr


def test_a_file_in_the_place_of_the_folder(marty: Marty, write: Write) -> None:
    write("rate-limit", "a file")

    said = marty("new", "plugin", "rate-limit", "--force")

    assert said.exit_code == 2
    assert "rate-limit is no folder, and nothing is overwritten." in said.stderr


def test_a_place_that_is_not_there(marty: Marty) -> None:
    said = marty("new", "plugin", "rate-limit", "--into", "nowhere")

    assert said.exit_code == 2
    assert "Directory 'nowhere' does not exist." in said.stderr


@pytest.mark.parametrize("before", ["nothing", "something"])
def test_after_an_error_nothing_is_left_of_it(here: Path, before: str) -> None:
    files = {"a/b/first.py": "first", "second.py": "cannot be encoded: \ud800"}
    folder = here / "project"
    if before == "something":
        (folder / "a").mkdir(parents=True)
        (folder / "mine.txt").write_text("mine")

    with pytest.raises(UnicodeEncodeError):
        write(files, folder)

    left = {"nothing": [], "something": ["project", "project/a", "project/mine.txt"]}
    assert sorted(str(one.relative_to(here)) for one in here.rglob("*")) == left[before]


def test_a_folder_where_a_file_is_in_the_way(marty: Marty, write: Write) -> None:
    mine = write("rate-limit/tests", "no folder")

    said = marty("new", "plugin", "rate-limit", "--force")

    assert said.exit_code == 1
    assert said.stderr.startswith("error: [Errno ")
    assert inside(mine.parent) == ["tests"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "a name has letters, digits, and single hyphens between them"),
        ("a__b", "a name has letters, digits, and single hyphens between them"),
        ("../up", "a name has letters, digits, and single hyphens between them"),
        ("größe", "a name has letters, digits, and single hyphens between them"),
        ("2fa", "nothing can be imported that is called '2fa'"),
        ("class", "nothing can be imported that is called 'class'"),
        ("JSON", "it would hide the module 'json' of Python itself"),
        ("concurrent", "it would hide the module 'concurrent' of Python itself"),
        ("marty.chassis", "it would hide the package 'marty_chassis', which it stands on"),
        ("Pydantic", "it would hide the package 'pydantic', which it stands on"),
        ("tests", "'tests' is a folder of the project"),
        ("test", "it would hide the module 'test' of Python itself"),
        ("prometheus-client", "it would hide the package 'prometheus_client', which it stands on"),
        ("a" * 65, "it has 65 characters, 64 are allowed"),
    ],
)
@pytest.mark.parametrize("kind", ["plugin", "service"])
def test_what_nothing_can_be_called(
    marty: Marty, here: Path, kind: str, given: str, why: str
) -> None:
    said = marty("new", kind, given)

    assert said.exit_code == 2
    assert said.stderr.endswith(
        f"Error: Invalid value for NAME: {given!r} cannot be the name: {why}."
        " Take another one, for instance 'rate-limit'.\n"
    )
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("metrics", "plugins.metrics is a key of every configuration"),
        ("entry-points", "plugins.entry_points is a key of every configuration"),
        ("etcd", "marty-chassis brings a plugin 'etcd' already"),
        ("custom", "marty-chassis brings a plugin 'custom-metrics' already"),
    ],
)
def test_what_a_service_may_be_called_but_no_plugin(marty: Marty, given: str, why: str) -> None:
    refused, allowed = marty("new", "plugin", given), marty("new", "service", given)

    assert f"{given!r} cannot be the name: {why}." in refused.stderr
    assert allowed.exit_code == 0


def test_every_key_of_the_configuration_is_refused() -> None:
    for key in RESERVED:
        with pytest.raises(Exception, match=f"plugins.{key} is a key"):
            Name.of_plugins(key)


def test_one_name_has_the_spelling_of_each_place() -> None:
    name = Name.of("Rate.Limit_v2")

    assert name.project == "rate-limit-v2"
    assert name.package == "rate_limit_v2"
    assert name.plugin_class == "RateLimitV2Plugin"


WORDS = 'Says "\'hi\'" \\ and {more} %{name} $name """ 🙂'


@pytest.mark.parametrize("make", [plugin, lambda *a: service(*a, fastapi=True)])
def test_any_words_can_be_said_of_it(make) -> None:
    project = make("rate-limit", WORDS, WORDS)

    about = tomllib.loads(project.files["pyproject.toml"])["project"]
    assert about["description"] == WORDS
    assert about["authors"] == [{"name": WORDS}]
    modules = [ast.parse(text) for path, text in project.files.items() if path.endswith(".py")]
    assert any(
        isinstance(one, ast.Constant) and one.value == WORDS
        for module in modules
        for one in ast.walk(module)
    )


def test_words_that_are_no_line_are_refused(marty: Marty, here: Path) -> None:
    said = marty("new", "plugin", "rate-limit", "--description", "two\nlines")

    assert said.exit_code == 2
    assert "write one line, without control characters." in said.stderr
    assert list(here.iterdir()) == []


def test_nobody_is_named_who_has_not_said_so() -> None:
    project = plugin("rate-limit")

    assert "authors" not in tomllib.loads(project.files["pyproject.toml"])["project"]
    assert "author" not in project.files["src/rate_limit/middleware.py"]


def test_nothing_is_left_to_be_filled_in() -> None:
    for project in (plugin("rate-limit"), service("rate-limit", fastapi=False)):
        for path, text in project.files.items():
            assert "%{" not in text, path
            assert text.endswith("\n") or not text, path


def test_a_template_is_what_no_tool_takes_for_code() -> None:
    assert {one.suffix for one in TEMPLATES.rglob("*") if one.is_file()} == {".txt"}
