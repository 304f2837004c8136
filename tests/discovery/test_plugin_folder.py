"""What in a plugin folder is a plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from marty_chassis.discovery import discover
from marty_chassis.settings import ChassisConfig

from .project import HOOK, Project, a_class


def names(project: Project) -> list[str]:
    return [one.name for one in project.discover().candidates]


def test_a_file_with_hookimpls_is_a_plugin_named_after_the_file(project: Project) -> None:
    project.write("plugins/audit_log.py")

    candidate = project.only()

    assert candidate.name == "audit-log"
    assert candidate.shape == "module"
    assert isinstance(candidate.target, ModuleType)
    assert candidate.usable
    assert not candidate.problem
    assert candidate.fault is None
    assert project.shown(candidate.source) == "/project/plugins/audit_log.py"
    assert project.shown(repr(candidate)) == (
        "<Candidate audit-log 0.0.0 from /project/plugins/audit_log.py: usable>"
    )


def test_a_decorated_class_is_a_plugin_and_is_not_constructed(project: Project) -> None:
    project.write(
        "plugins/authentication_plugin.py",
        """
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="JWT_Authentication", version="1.2.0", dependencies=["metrics>=1"])
        class Jwt(IPlugin):
            def __init__(self):
                raise RuntimeError("constructed")
        """,
    )

    candidate = project.only()

    assert candidate.name == candidate.metadata.name == "jwt-authentication"
    assert candidate.metadata.version == "1.2.0"
    assert candidate.metadata.dependencies == ("metrics>=1",)
    assert candidate.shape == "class"
    assert isinstance(candidate.target, type)


def test_a_class_that_inherits_or_was_imported_is_no_plugin_of_the_file(project: Project) -> None:
    project.write("plugins/_base.py", a_class("base"))
    project.write(
        "plugins/special.py",
        a_class("special")
        + "\n        from ._base import Plugin as Base\n        class B(Base): ...",
    )

    assert names(project) == ["special"]


def test_a_module_and_its_classes_are_plugins_in_the_order_of_the_file(project: Project) -> None:
    project.write(
        "plugins/both.py",
        """
        from marty_hookspecs import PluginMetadata, hookimpl

        class Zebra:
            plugin_metadata = PluginMetadata("zebra")

        class Ape:
            plugin_metadata = PluginMetadata("ape")

        @hookimpl
        def health_check(): ...
        """,
    )

    assert names(project) == ["both", "zebra", "ape"]


def test_a_module_says_who_it_is(project: Project) -> None:
    project.write(
        "plugins/x.py",
        HOOK + "\n    from marty_hookspecs import PluginMetadata\n"
        '    plugin_metadata = PluginMetadata("better-name", version="3.1")\n',
    )

    candidate = project.only()

    assert (candidate.name, candidate.metadata.version) == ("better-name", "3.1")


def test_pluggys_own_marker_does(project: Project) -> None:
    project.write(
        "plugins/plain.py",
        """
        import pluggy

        @pluggy.HookimplMarker("marty")
        def health_check(): ...
        """,
    )

    assert names(project) == ["plain"]


def test_every_module_of_a_package_is_imported(project: Project) -> None:
    project.write("plugins/pkg/__init__.py", "")
    project.write("plugins/pkg/middleware.py", a_class("one"))
    project.write("plugins/pkg/deeper/__init__.py", "")
    project.write("plugins/pkg/deeper/still.py", a_class("two"))
    project.write("plugins/pkg/_private.py", a_class("three"))
    project.write("plugins/pkg/tests/__init__.py", "raise RuntimeError")
    project.write("plugins/pkg/tests/test_it.py", "raise RuntimeError")
    project.write("plugins/pkg/data/no_package.py", "raise RuntimeError")

    found = project.discover()

    assert [one.name for one in found.candidates] == ["two", "one"]
    assert {project.shown(one.source) for one in found.candidates} == {"/project/plugins/pkg"}


def test_a_package_that_exports_a_class_has_one_plugin(project: Project) -> None:
    project.write("plugins/pkg/__init__.py", "from .it import Plugin")
    project.write("plugins/pkg/it.py", a_class("it"))

    assert names(project) == ["it"]


def test_hookimpls_that_a_package_exports_are_its_own_and_others_their_modules(
    project: Project,
) -> None:
    project.write("plugins/pkg/__init__.py", "from .hooks import health_check")
    project.write("plugins/pkg/hooks.py")
    project.write("plugins/pkg/more.py")

    assert names(project) == ["pkg", "pkg-more"]


def test_what_is_skipped(project: Project) -> None:
    for name in ("_x.py", ".x.py", "__init__.py", "x.txt", "x.pyc", "x.py~", "tests/x.py"):
        project.write(f"plugins/{name}", "raise RuntimeError")
    project.write("plugins/.git/__init__.py", "raise RuntimeError")
    project.write("plugins/_shared/__init__.py", "raise RuntimeError")
    project.write("plugins/static/logo.svg", "")

    found = project.discover()

    assert found.candidates == ()
    assert found.problems == ()


def test_the_order_is_that_of_the_folders_and_of_the_names(project: Project) -> None:
    for name in ("b/z.py", "b/a.py", "a/y.py", "a/b.py"):
        project.write(name)
    project.plugins["directories"] = ["b", "a"]

    assert names(project) == ["a", "z", "b", "y"]


def test_folders_given_as_arguments_come_after_the_configured_ones(project: Project) -> None:
    project.write("plugins/z.py")
    project.write("more/a.py")

    found = project.discover(extra_directories=["./more"])

    assert [one.name for one in found.candidates] == ["z", "a"]


def test_a_folder_under_two_names_counts_once(project: Project) -> None:
    project.write("plugins/one.py")
    (project.root / "link").symlink_to("plugins")
    project.plugins["directories"] = ["./plugins", str(project.root / "plugins"), "link"]

    found = project.discover(extra_directories=["plugins/../plugins"])

    assert [one.name for one in found.usable] == ["one"]


def test_a_package_that_contains_itself_is_read_once(project: Project) -> None:
    project.write("plugins/pkg/__init__.py", "")
    project.write("plugins/pkg/it.py", a_class("it"))
    (project.root / "plugins/pkg/again").symlink_to(".")
    (project.root / "plugins/pkg/up").symlink_to("..")

    assert names(project) == ["it"]


def test_names_of_files_that_no_import_could_say(project: Project) -> None:
    project.write("plugins/my-plugin.py")
    project.write("plugins/v1.2.py")
    project.write("plugins/my-pkg/__init__.py")

    found = project.discover()

    assert [one.name for one in found.usable] == ["my-pkg", "my-plugin", "v1-2"]


def test_sys_path_is_left_alone(project: Project) -> None:
    before = list(sys.path)
    project.write("plugins/x.py")

    project.discover()

    assert sys.path == before


def test_a_missing_folder_is_a_problem_with_its_place_and_the_rest_runs(project: Project) -> None:
    project.write("plugins/x.py")
    path = project.write(
        "config.yaml",
        """
        plugins:
          directories:
            - ./plugins
            - ./custom_plugins
            - ./plugins/x.py
        """,
    )
    found = discover(
        ChassisConfig.from_file(path),
        extra_directories=["nowhere"],
        faults=project.faults,
        environ={},
    )

    assert [one.name for one in found.usable] == ["x"]
    assert [project.shown(one) for one in found.problems] == [
        "/project/config.yaml:5:7 plugins.directories.1: there is no folder"
        " /project/custom_plugins. Create it, or take it out.",
        "/project/config.yaml:6:7 plugins.directories.2: /project/plugins/x.py is no folder."
        " Name the folder that it lies in: /project/plugins.",
        "argument: there is no folder /project/nowhere. Create it, or take it out.",
    ]


def test_a_folder_that_cannot_be_read_is_a_problem(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listdir(path: object) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", listdir)

    (problem,) = project.discover().problems

    assert project.shown(problem) == (
        "argument plugins.directories.0: the folder /project/plugins cannot be read:"
        " Permission denied. Let the service read it, or take it out."
    )


def test_a_file_without_a_plugin_is_a_warning(project: Project) -> None:
    project.write("plugins/helpers.py", "x = 1")

    (problem,) = project.discover().problems

    assert problem.severity == "warning"
    assert project.shown(problem) == (
        "/project/plugins/helpers.py: there is no plugin in it. Decorate a class with"
        " @plugin(name=...) or a function with @hookimpl, or rename it _*."
    )


def test_a_folder_elsewhere_has_no_depth(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere" / "deep" / "plugins"
    elsewhere.mkdir(parents=True)
    (elsewhere / "far.py").write_bytes((project.write("plugins/near.py")).read_bytes())

    found = project.discover(extra_directories=[elsewhere])

    assert [(one.name, one.depth) for one in found.usable] == [("near", 0), ("far", 0)]


def test_a_working_directory_that_has_changed_since_costs_the_index_of_a_message(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "sub").mkdir()
    config = project.config
    monkeypatch.setattr(type(config), "folder", project.root / "sub")
    monkeypatch.chdir(project.root / "sub")
    (project.root / "plugins").rmdir()

    (problem,) = discover(config, faults=project.faults, environ={}).problems

    assert project.shown(problem) == (
        "argument plugins.directories: there is no folder /project/plugins. Create it, or take it"
        " out."
    )


def test_discovery_brings_nothing_heavy() -> None:
    program = (
        f"import sys; sys.path[:] = {sys.path!r}; import marty_chassis.discovery;"
        "print(*{'pydantic', 'starlette', 'ruamel', 'uvicorn'} & set(sys.modules))"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (run.stdout.strip(), run.stderr) == ("", "")
