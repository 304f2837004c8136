"""Where relative plugin folders start."""

from __future__ import annotations

from pathlib import Path

from marty_chassis.settings import ChassisConfig


def test_those_of_the_file_start_at_its_folder_those_of_arguments_here(write, workplace) -> None:
    path = write("plugins: {directories: [./plugins, ../shared, /abs]}\n", "conf/config.yaml")

    config = ChassisConfig.from_file(path, plugins={"directories": ["mine", Path("/abs")]})

    assert config.plugin_directories() == [
        workplace / "conf/plugins",
        workplace / "shared",
        Path("/abs"),
        workplace / "mine",
    ]
    assert config.folder == workplace / "conf"


def test_one_folder_needs_no_list(write, workplace) -> None:
    path = write("plugins: {directories: ./plugins}\n", "conf/config.yaml")

    config = ChassisConfig.from_file(path, plugins={"directories": "mine"})

    assert config.plugin_directories() == [workplace / "conf/plugins", workplace / "mine"]


def test_those_of_variables_replace_the_files_and_start_here(write, workplace, monkeypatch) -> None:
    path = write("plugins: {directories: [a]}\n", "conf/config.yaml")
    monkeypatch.setenv("MARTY_PLUGINS__DIRECTORIES", '["b", "~/c"]')
    monkeypatch.setenv("HOME", "/home/me")

    config = ChassisConfig.from_file(path, plugins={"directories": ["d"]})

    assert config.plugin_directories() == [workplace / "b", Path("/home/me/c"), workplace / "d"]


def test_those_of_a_dotenv_file_start_at_its_folder(write, workplace) -> None:
    path = write("", "conf/config.yaml")
    write("MARTY_PLUGINS__DIRECTORIES=a\n", "conf/.env")

    assert ChassisConfig.from_file(path).plugin_directories() == [workplace / "conf/a"]


def test_those_of_arguments_stay_where_they_were_when_the_working_directory_moves(
    workplace, monkeypatch
) -> None:
    config = ChassisConfig(plugins={"directories": ["a"]})
    (workplace / "b").mkdir()
    monkeypatch.chdir(workplace / "b")

    assert config.plugin_directories() == [workplace / "a"]


def test_without_any_there_are_none() -> None:
    assert ChassisConfig().plugin_directories() == []
    assert ChassisConfig(plugins={"directories": []}).plugin_directories() == []


def test_a_link_to_the_file_does_not_move_its_folder(write, workplace) -> None:
    real = write("plugins: {directories: [p]}\n", "..data/config.yaml")
    (workplace / "config.yaml").symlink_to(real)

    assert ChassisConfig.from_file("config.yaml").plugin_directories() == [workplace / "p"]
