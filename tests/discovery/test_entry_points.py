"""Installed plugins: what distributions name in the group `marty.plugins`."""

from __future__ import annotations

import sys

import pytest

from marty_chassis.discovery import digest_on_disk, discover, find_one, listing, reread

from .project import HOOK, Project, a_class


def installed(project: Project, name: str = "installed-x", **entries: str) -> None:
    """A distribution with one module that has a class, an instance, a factory and a hookimpl."""
    module = name.replace("-", "_")
    project.install(
        name,
        {key: value.replace("it:", f"{module}:") for key, value in entries.items()},
        {
            f"{module}.py": HOOK
            + """
    from marty_hookspecs import PluginMetadata

    class Auth:
        plugin_metadata = PluginMetadata(name="Real_Name", version="2.0")

    class Bare:
        @hookimpl
        def health_check(self): ...

    class Factories:
        @staticmethod
        def make():
            return Bare()

    bare = Bare()
    number = 5
    """
        },
        version="1.5",
    )


def test_a_class_has_its_own_name_and_version(project: Project) -> None:
    installed(project, auth="it:Auth")

    candidate = project.only()

    assert (candidate.name, candidate.metadata.version) == ("real-name", "2.0")
    assert candidate.shape == "class"
    assert candidate.source.place == "installed-x:auth"
    assert (candidate.source.distribution, candidate.source.version) == ("installed-x", "1.5")
    assert str(candidate.source) == "entry point 'auth' of installed-x 1.5"
    assert candidate.modules == ()
    assert candidate.sha256 is not None


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("it:Bare", "class"),
        ("it:bare", "instance"),
        ("it:Factories.make", "factory"),
        ("installed_x", "module"),
        ("it:Bare [extra]", "class"),
    ],
)
def test_what_says_nothing_has_the_name_of_the_entry_point_and_the_distributions_version(
    project: Project, value: str, shape: str
) -> None:
    installed(project, the_point=value)

    candidate = next(one for one in project.discover().usable if one.name != "real-name")

    assert (candidate.name, candidate.metadata.version) == ("the-point", "1.5")
    assert candidate.shape == shape


def test_a_module_brings_its_classes_too(project: Project) -> None:
    installed(project, both="installed_x")

    assert [one.name for one in project.discover().usable] == ["both", "real-name"]


def test_a_package_brings_what_is_defined_below_it(project: Project) -> None:
    project.install(
        "installed-pkg",
        {"pkg": "installed_pkg"},
        {
            "installed_pkg/__init__.py": "from .it import Plugin",
            "installed_pkg/it.py": a_class("below"),
        },
    )

    assert project.only().name == "below"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            "it:number",
            "entry point 'bad' of installed-x 1.5: installed_x:number is no plugin. Name a class,"
            " an instance, a function that makes one, or a module with hookimpls.",
        ),
        (
            "it:nothing",
            "entry point 'bad' of installed-x 1.5: installed_x:nothing: AttributeError: module"
            " 'installed_x' has no attribute 'nothing'. Mend it and reload the plugin; the others"
            " are not affected.",
        ),
        (
            "no_such_module:x",
            "entry point 'bad' of installed-x 1.5: no_such_module:x: ModuleNotFoundError: No module"
            " named 'no_such_module'. Install what brings 'no_such_module' where the service runs.",
        ),
        (
            ":x",
            "entry point 'bad' of installed-x 1.5: :x: ValueError: Empty module name. Mend it and"
            " reload the plugin; the others are not affected.",
        ),
    ],
)
def test_a_broken_one_stops_only_itself(project: Project, value: str, problem: str) -> None:
    installed(project, bad=value, good="it:Auth")

    found = project.discover()

    (bad,) = [one for one in found.candidates if not one.usable]
    assert (bad.name, bad.problem) == ("bad", problem)
    assert [one.name for one in found.usable] == ["real-name"]


def test_a_module_that_raises_says_where(project: Project) -> None:
    project.install("installed-bad", {"bad": "installed_bad"}, {"installed_bad.py": "1 / 0"})

    candidate = project.only()

    assert project.shown(candidate.problem) == (
        "entry point 'bad' of installed-bad 1.0: /project/site/installed_bad.py:1:"
        " ZeroDivisionError: division by zero. Mend it and reload the plugin; the others are not"
        " affected."
    )
    assert candidate.fault is not None
    assert project.shown(candidate.fault.traceback).startswith(
        'Traceback (most recent call last):\n  File "/project/site/installed_bad.py", line 1'
    )


def test_the_distribution_that_is_first_on_the_path_counts(project: Project) -> None:
    project.install("installed-y", {"y": "installed_y:Old"}, site="old", version="1.0")
    project.install(
        "Installed_Y",
        {"y": "installed_y:Plugin"},
        {"installed_y.py": a_class("why")},
        site="new",
        version="2.0",
    )

    candidate = project.only()

    assert candidate.usable
    assert candidate.source.version == "2.0"


def test_the_same_folder_twice_on_the_path_is_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(project, auth="it:Auth")
    monkeypatch.setattr(
        sys, "path", [*sys.path, *sys.path, str(project.root / "site" / "..") + "/site"]
    )

    assert project.only().usable


def test_an_entry_point_that_is_written_twice_is_one(project: Project) -> None:
    project.install(
        "installed-z",
        "[marty.plugins]\nz = installed_z:Plugin\nz = installed_z:Plugin\n",
        {"installed_z.py": a_class("z")},
    )

    assert project.only().usable


@pytest.mark.parametrize(
    ("points", "metadata", "name"),
    [
        (b"[marty.plugins]\nthis is no entry point\n", None, "installed-bad"),
        (b"[marty.plugins]\nx = \xe9:y\n", None, "installed-bad"),
        (b"[marty.plugins]\nx = \xe9:y\n", b"Name: \xe9", "a distribution"),
        (b"[marty.plugins]\nx = y\n", b"Version: 1", "a distribution"),
        (b"[marty.plugins]\nx = y\n", b"Name: nameless", "nameless"),
    ],
)
def test_entry_points_that_cannot_be_read_stop_nobody_else(
    project: Project, points: bytes, metadata: bytes | None, name: str
) -> None:
    info = project.install("installed-bad", "")
    info.joinpath("entry_points.txt").write_bytes(points)
    if metadata:
        info.joinpath("METADATA").write_bytes(metadata)
    installed(project, auth="it:Auth")

    found = project.discover()

    assert [one.name for one in found.usable] == ["real-name"]
    (problem,) = found.problems
    beginning = f"/project/site: the entry points of {name} cannot be read: "
    assert project.shown(problem).startswith(beginning)
    assert str(problem).endswith(". Install it again; its plugins are not known.")


def test_a_folder_of_another_name_than_the_distribution_is_no_harm(project: Project) -> None:
    project.install(
        "installed-o",
        {"o": "installed_o:Plugin"},
        {"installed_o.py": a_class("o")},
        metadata="Name: something-else\nVersion: 3.0\n",
    )

    candidate = project.only()

    assert candidate.usable
    assert str(candidate.source) == "entry point 'o' of something-else 3.0"


def test_what_is_broken_and_not_for_us_is_none_of_our_affair(project: Project) -> None:
    project.install("installed-other", "[console_scripts]\nnonsense\n")

    assert project.discover().problems == ()


@pytest.mark.parametrize("value", ["1", "true", "YES", "anything"])
def test_a_variable_turns_them_off(project: Project, value: str) -> None:
    installed(project, auth="it:Auth")
    environ = {"MARTY_DISABLE_PLUGIN_AUTOLOAD": value}

    assert project.discover(environ=environ).candidates == ()
    assert project.listing(environ) == ()


@pytest.mark.parametrize("value", ["", "0", "false", " No ", "off"])
def test_a_variable_that_says_no_leaves_them_on(project: Project, value: str) -> None:
    installed(project, auth="it:Auth")

    assert len(project.discover(environ={"MARTY_DISABLE_PLUGIN_AUTOLOAD": value}).candidates) == 1


def test_the_processs_own_environment_counts_where_none_is_given(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(project, auth="it:Auth")
    monkeypatch.setenv("MARTY_DISABLE_PLUGIN_AUTOLOAD", "1")

    assert discover(project.config, faults=project.faults).candidates == ()
    assert listing(project.config) == ()
    assert find_one(project.config, "auth", faults=project.faults) is None


def test_none_means_none(project: Project) -> None:
    installed(project, auth="it:Auth")
    project.plugins["entry_points"] = "none"

    assert project.discover().candidates == ()
    assert project.listing() == ()


@pytest.mark.parametrize(
    "named",
    [
        {"auth": {}},
        {"real-name": {"key": 1}},
        {"required": ["real-name"]},
        {"settings": {"auth": {"priority": 5}}},
    ],
)
def test_named_starts_what_the_configuration_names(
    project: Project, named: dict[str, object]
) -> None:
    installed(project, auth="it:Auth")
    project.install("installed-q", {"other": "installed_q"}, {"installed_q.py": "raise SystemExit"})
    project.plugins.update(named, entry_points="named")

    found = project.discover()

    assert [one.name for one in found.candidates] == ["real-name"]
    (other,) = found.disabled
    assert other.name == "other"
    assert other.problem == (
        "plugins.entry_points is 'named', and nothing in the configuration names it. Give it a"
        " section to start it."
    )
    assert "installed_q" not in sys.modules


def test_a_disabled_one_is_disabled_in_whatever_mode(project: Project) -> None:
    project.install("installed-d", {"d": "installed_d"}, {"installed_d.py": "raise SystemExit"})
    project.plugins.update({"d": {}, "disabled": ["d"], "entry_points": "named"})

    (disabled,) = project.discover().disabled

    assert disabled.problem == "disabled by plugins.disabled (argument)."


def test_named_takes_of_a_module_only_what_is_named(project: Project) -> None:
    installed(project, both="installed_x")
    project.plugins.update({"real-name": {}, "entry_points": "named"})

    found = project.discover()

    assert [one.name for one in found.candidates] == ["real-name"]
    assert [one.name for one in found.disabled] == ["both"]


def test_one_that_is_not_named_leaves_its_name_to_others(project: Project) -> None:
    project.write("plugins/audit.py")
    project.install("installed-a", {"audit": "installed_a"}, {"installed_a.py": HOOK})
    project.plugins["entry_points"] = "named"

    found = project.discover()

    assert [(one.name, one.source.kind) for one in found.usable] == [("audit", "folder")]
    assert [one.source.kind for one in found.passed_over] == ["entry point"]
    assert found.disabled == ()


def test_reading_again_does_not_import_again_and_says_what_lies_on_disk(project: Project) -> None:
    installed(project, auth="it:Auth")
    candidate = project.only()
    same = digest_on_disk(candidate)

    file = project.root / "site/installed_x.py"
    file.write_text(file.read_text() + "# new")
    fresh = reread(candidate, project.faults)

    assert fresh.target is candidate.target
    assert same == candidate.sha256 != digest_on_disk(candidate) == fresh.sha256
    file.unlink()
    assert digest_on_disk(candidate) is None


def test_reading_again_tries_again_what_has_failed(project: Project) -> None:
    project.install("installed-bad", {"bad": "installed_bad"}, {"installed_bad.py": "1 / 0"})
    candidate = project.only()

    project.write("site/installed_bad.py", HOOK)
    fresh = reread(candidate, project.faults)

    assert not candidate.usable
    assert fresh.usable
    assert fresh.name == "bad"
