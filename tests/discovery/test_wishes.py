"""What the configuration wants: disabled, required and bundled plugins, and unknown sections."""

from __future__ import annotations

import sys

import pytest

from marty_chassis.contrib import consul
from marty_chassis.discovery import Found, discover
from marty_chassis.settings import ChassisConfig

from .project import Project, a_class

NOT_TO_BE_IMPORTED = "raise SystemExit('imported')\n"


def test_a_file_of_a_disabled_name_is_not_imported(project: Project) -> None:
    project.write("plugins/audit_log.py", NOT_TO_BE_IMPORTED)
    path = project.write(
        "config.yaml", "plugins:\n  directories: [plugins]\n  disabled: [Audit_Log]"
    )
    found = discover(ChassisConfig.from_file(path), faults=project.faults, environ={})

    (candidate,) = found.disabled
    assert found.candidates == ()
    assert candidate.name == "audit-log"
    assert not candidate.usable
    assert project.shown(candidate.problem) == (
        "disabled by plugins.disabled (/project/config.yaml:3:14)."
    )


def test_so_is_one_whose_settings_say_so(project: Project) -> None:
    project.write("plugins/audit.py", NOT_TO_BE_IMPORTED)
    project.plugins["settings"] = {"audit": {"enabled": False}}

    (candidate,) = project.discover().disabled

    assert candidate.problem == "disabled by plugins.settings.audit.enabled (argument)."


def test_and_one_that_the_environment_names(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("plugins/audit.py", NOT_TO_BE_IMPORTED)
    monkeypatch.setenv("MARTY_PLUGINS__DISABLED", "audit")

    (candidate,) = project.discover().disabled

    assert candidate.problem == "disabled by plugins.disabled (env:MARTY_PLUGINS__DISABLED)."


def test_a_file_that_declares_nothing_but_disabled_names_is_not_imported(project: Project) -> None:
    project.write("plugins/x.py", NOT_TO_BE_IMPORTED + '@plugin(name="Audit")\nclass A: ...\n')
    project.plugins["disabled"] = ["audit"]

    assert [one.name for one in project.discover().disabled] == ["audit"]


def test_a_file_of_a_disabled_name_with_another_plugin_in_it_is_imported(project: Project) -> None:
    project.write("plugins/audit.py", a_class("other"))
    project.plugins["disabled"] = ["audit"]

    found = project.discover()

    assert [one.name for one in found.usable] == ["other"]
    assert found.disabled == ()


def test_one_that_is_known_only_when_imported_is_not_started(project: Project) -> None:
    project.write(
        "plugins/x.py",
        """
        from marty_hookspecs import PluginMetadata

        class A:
            plugin_metadata = PluginMetadata("au" + "dit")

        class B:
            plugin_metadata = PluginMetadata("fine")
        """,
    )
    project.plugins["disabled"] = ["audit"]

    found = project.discover()

    assert [one.name for one in found.usable] == ["fine"]
    (disabled,) = found.disabled
    assert (disabled.name, disabled.target, disabled.modules) == ("audit", None, ())
    assert found.usable[0].modules != ()


@pytest.mark.parametrize("name", ["auth", "declared"])
def test_an_entry_point_of_a_disabled_name_is_not_imported(project: Project, name: str) -> None:
    project.install(
        "installed-off",
        {"auth": "installed_off:Plugin"},
        {"installed_off.py": a_class("declared") + "\n        raise SystemExit"},
    )
    project.plugins["disabled"] = [name]

    found = project.discover()

    assert [one.name for one in found.disabled] == [name]
    assert found.candidates == ()
    assert "installed_off" not in sys.modules


def test_a_required_plugin_that_nobody_has_is_a_problem(project: Project) -> None:
    project.write("plugins/audit_log.py")
    project.plugins["required"] = ["audit-lock", "zzz"]
    project.plugins["settings"] = {"qqq": {"required": True}}

    found = project.discover()

    assert found.missing == {"audit-lock", "zzz", "qqq"}
    assert [str(one) for one in found.problems] == [
        "argument plugins.required.0: the plugin 'audit-lock' is required and was not found."
        " Did you mean 'audit-log'?",
        "argument plugins.settings.qqq.required: the plugin 'qqq' is required and was not found."
        " Install it, or put it into a plugin folder.",
        "argument plugins.required.1: the plugin 'zzz' is required and was not found. Install it,"
        " or put it into a plugin folder.",
    ]


def test_a_required_plugin_that_is_broken_is_not_missing(project: Project) -> None:
    project.write("plugins/auth.py", "(")
    project.plugins["required"] = ["auth"]

    assert project.discover().missing == frozenset()


def test_a_bundled_plugin_starts_when_it_has_a_section(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.install(
        "installed-home",
        {},
        {
            "installed_home/__init__.py": "",
            "installed_home/consul.py": a_class("consul"),
            "installed_home/etcd.py": a_class("etcd"),
        },
    )
    monkeypatch.setattr("marty_chassis.discovery.bundled.HOME", "installed_home")
    project.plugins["consul"] = {}

    found = project.discover()

    assert [(one.name, str(one.source)) for one in found.usable] == [("consul", "bundled consul")]
    assert found.problems == ()


def test_a_bundled_plugin_starts_when_it_is_required(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.install("required-home", {}, {"required_home/etcd.py": a_class("etcd")})
    monkeypatch.setattr("marty_chassis.discovery.bundled.HOME", "required_home")
    project.plugins["required"] = ["etcd"]

    found = project.discover()

    assert [str(one.source) for one in found.usable] == ["bundled etcd"]
    assert found.missing == frozenset()


def test_a_bundled_plugin_that_cannot_be_imported_is_there_and_broken(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marty_chassis.discovery.bundled.HOME", "no_such_home.inside")
    project.plugins["consul"] = {}

    found = project.discover()

    (broken,) = found.candidates
    assert (broken.name, broken.usable) == ("consul", False)
    assert "No module named 'no_such_home'" in broken.problem
    assert found.required_by_section == {"consul"}


def test_a_plugin_of_a_bundled_name_takes_its_place(project: Project) -> None:
    project.write("plugins/consul.py")
    project.plugins["consul"] = {}

    found = project.discover()

    assert [one.source.kind for one in found.usable] == ["folder"]
    (warning,) = found.problems
    assert warning.severity == "warning"
    assert project.shown(warning) == (
        "/project/plugins/consul.py: it takes the place of the bundled plugin 'consul'. Rename it;"
        " or say that it is meant: plugins.settings.consul.from."
    )


def test_a_bundled_plugin_that_the_service_hands_over_is_the_bundled_one(project: Project) -> None:
    project.plugins["consul"] = {}

    found = project.discover(consul)

    assert [one.source.kind for one in found.usable] == ["argument"]
    assert found.problems == ()


def test_a_plugin_that_is_meant_to_take_the_place_of_a_bundled_one_is_no_problem(
    project: Project,
) -> None:
    project.write("plugins/consul.py")
    project.plugins.update({"consul": {}, "settings": {"consul": {"from": "plugins/consul.py"}}})

    found = project.discover()

    assert [one.source.kind for one in found.usable] == ["folder"]
    assert found.problems == ()


def test_a_bundled_plugin_that_is_disabled_is_no_problem(project: Project) -> None:
    project.plugins.update({"consul": {}, "disabled": ["consul"]})

    found = project.discover()

    assert (found.candidates, found.problems) == ((), ())
    assert found.required_by_section == frozenset()


def test_a_section_of_no_known_plugin_is_a_warning(project: Project) -> None:
    project.write("plugins/audit_log.py")
    project.plugins.update({"audit-lock": {}, "audit-log": {}})

    found = project.discover()

    assert found.required_by_section == {"audit-log", "audit-lock"}
    assert [(str(one), one.severity) for one in found.problems] == [
        (
            "argument plugins.audit-lock: no such plugin is known. Did you mean 'audit-log'?",
            "warning",
        )
    ]


def test_a_bundled_plugin_is_guessed_though_nobody_has_asked_for_it(project: Project) -> None:
    project.plugins.update({"jwt-authentcation": {}, "required": ["consol"]})

    found = project.discover()

    assert [one.hint for one in found.problems] == [
        "Did you mean 'consul'?",
        "Did you mean 'jwt-authentication'?",
    ]


def test_what_was_found_can_be_asked_for_by_name(project: Project) -> None:
    project.write("plugins/on.py")
    project.write("plugins/off.py")
    project.write("plugins/broken.py", "(")
    project.plugins["disabled"] = ["off"]

    found = project.discover()

    on, off = found.named("on"), found.named("off")
    assert on is not None
    assert on.usable
    assert off is not None
    assert not off.usable
    assert found.named("nobody") is None
    assert repr(found) == "<Found 1 usable of 2 plugins, 1 disabled, 0 problems>"
    assert repr(Found()) == "<Found 0 usable of 0 plugins, 0 disabled, 0 problems>"
