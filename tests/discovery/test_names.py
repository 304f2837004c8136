"""Names fold; two plugins of one name do not start, unless the configuration chooses."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.discovery.duplicates import settled
from marty_chassis.discovery.metadata import checked, spelled
from marty_chassis.errors import InvalidPluginName
from marty_chassis.settings.names import RESERVED, canonical
from marty_hookspecs import PluginMetadata

from .project import HOOK, Project, a_class

NAMES = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9]|[-_.](?=[a-zA-Z0-9])){0,8}", fullmatch=True)


def test_neither_of_two_starts_and_both_say_where(project: Project) -> None:
    project.write("plugins/a.py", a_class("Audit_Log"))
    project.write("plugins/b.py", a_class("audit-log"))
    project.write("plugins/c.py", a_class("other"))

    found = project.discover()

    problem = (
        "2 plugins are called 'audit-log': /project/plugins/a.py and /project/plugins/b.py. None of"
        " them starts: rename one, or choose with plugins.settings.audit-log.from."
    )
    assert [(one.name, project.shown(one.problem)) for one in found.candidates] == [
        ("audit-log", problem),
        ("audit-log", problem),
        ("other", ""),
    ]
    assert [one.modules for one in found.candidates[:2]] == [(), ()]
    assert [one.name for one in found.usable] == ["other"]


@pytest.mark.parametrize(
    ("chosen", "place"),
    [
        ("plugins/a.py", "/project/plugins/a.py"),
        ("./more", "/project/more/b.py"),
        ("/project/more/b.py", "/project/more/b.py"),
        ("martyconf", "/project/martyconf.py"),
        ("entry point", "installed-dup:x"),
        ("Installed_Dup", "installed-dup:x"),
        ("installed-dup:x", "installed-dup:x"),
        ("argument", "tests.discovery.test_names.Given"),
    ],
)
def test_the_configuration_chooses_by_place_kind_or_distribution(
    project: Project, chosen: str, place: str
) -> None:
    project.write("plugins/a.py", a_class("dup"))
    project.write("more/b.py", a_class("dup"))
    project.write("martyconf.py", a_class("dup"))
    project.install("installed-dup", {"x": "installed_dup"}, {"installed_dup.py": a_class("dup")})
    chosen = chosen.replace("/project", str(project.root))
    project.plugins["settings"] = {"dup": {"from": chosen}}

    found = project.discover(Given, extra_directories=["more"])

    (one,) = found.candidates
    assert one.usable
    assert project.shown(one.source.place) == place
    assert len(found.passed_over) == 4
    assert {other.problem for other in found.passed_over} == {
        f"plugins.settings.dup.from chooses {chosen!r}."
    }


class Given:
    plugin_metadata = PluginMetadata("dup")


def test_a_choice_that_fits_two_is_no_choice(project: Project) -> None:
    project.write("plugins/a.py", a_class("dup"))
    project.write("plugins/b.py", a_class("dup"))
    project.install("installed-dup", {"x": "installed_dup"}, {"installed_dup.py": a_class("dup")})
    project.plugins["settings"] = {"dup": {"from": "folder"}}

    found = project.discover()

    assert [one.source.kind for one in found.candidates] == ["folder", "folder"]
    assert found.usable == ()
    assert [one.source.kind for one in found.passed_over] == ["entry point"]


def test_a_choice_that_fits_none_starts_none(project: Project) -> None:
    project.write("plugins/a.py", a_class("solo"))
    project.plugins["settings"] = {"solo": {"from": "good-distribution"}}

    candidate = project.only()

    assert not candidate.usable
    assert project.shown(candidate.problem) == (
        "plugins.settings.solo.from chooses 'good-distribution', and the plugin is at"
        " /project/plugins/a.py. Choose what is there."
    )


def test_one_object_found_in_two_ways_is_one_plugin(project: Project) -> None:
    project.install("installed-dup", {"x": "installed_dup"}, {"installed_dup.py": a_class("dup")})
    import installed_dup  # type: ignore[import-not-found]

    found = project.discover(installed_dup.Plugin)

    assert [(one.name, one.source.kind) for one in found.usable] == [("dup", "argument")]


def test_a_broken_file_keeps_its_own_problem(project: Project) -> None:
    project.write("plugins/a.py", a_class("dup") + "\n        1 / 0")
    project.write("plugins/b.py", a_class("dup"))

    first, second = project.discover().candidates

    assert "ZeroDivisionError" in first.problem
    assert "2 plugins are called 'dup'" in second.problem


def test_two_of_one_name_in_one_file_leave_nothing(project: Project) -> None:
    project.write(
        "plugins/a.py",
        """
        from marty_hookspecs import PluginMetadata

        class A:
            plugin_metadata = PluginMetadata("same")

        class B:
            plugin_metadata = PluginMetadata("Same")
        """,
    )

    found = project.discover()

    assert [one.usable for one in found.candidates] == [False, False]
    assert found.candidates[0].modules == ()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "metrics",
            "'metrics' cannot be a plugin's name: `plugins.metrics` in the configuration is the"
            ' chassis\' own. Choose another with @plugin(name="...") or plugin_metadata ='
            ' PluginMetadata(name="...").',
        ),
        (
            "two__words",
            "'two__words' cannot be a plugin's name. Use letters, digits and single hyphens,"
            " underscores or dots between them; two underscores separate keys in the names of"
            " environment variables.",
        ),
    ],
)
def test_names_that_no_plugin_can_have(project: Project, name: str, problem: str) -> None:
    project.write(f"plugins/{name}.py", HOOK)

    candidate = project.only()

    assert project.shown(candidate.problem) == f"/project/plugins/{name}.py: {problem}"
    assert candidate.name == name.replace("__", "-")
    assert candidate.target is None
    assert candidate.modules == ()


@given(NAMES)
def test_every_spelling_of_a_name_is_one_name(name: str) -> None:
    metadata, problem = checked(PluginMetadata(name), PluginMetadata("fallback"))

    assert metadata.name == canonical(name) == canonical(name.upper().replace("-", "_"))
    assert bool(problem) == (metadata.name.replace("-", "_") in RESERVED)


@given(st.text())
def test_anything_can_be_spelled_as_a_name(text: str) -> None:
    assert canonical(spelled(text)) == spelled(text)
    with contextlib.suppress(InvalidPluginName):
        assert spelled(text) == canonical(text)


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=12), st.sampled_from([None, "folder"]))
def test_what_starts_has_names_of_its_own_and_nothing_is_lost(
    found: list[tuple[str, bool]], choice: str | None
) -> None:
    candidates = [
        Candidate(
            name=canonical(name),
            metadata=PluginMetadata(canonical(name)),
            source=Source("folder" if in_folder else "bundled", str(number)),
            target=object(),
        )
        for number, (name, in_folder) in enumerate(found)
    ]

    kept, passed_over = settled(candidates, lambda _: choice, Path("/"))

    usable = [one.name for one in kept if one.usable]
    assert len(usable) == len(set(usable))
    assert {one.source for one in (*kept, *passed_over)} == {one.source for one in candidates}
    if choice is None:
        alone = [one.name for one in candidates if sum(o.name == one.name for o in candidates) == 1]
        assert sorted(usable) == sorted(alone)
        assert not passed_over
