"""`martyconf.py`: collected from the project's root down to the service's folder, outer first."""

from __future__ import annotations

from pathlib import Path

import pytest

from marty_chassis.discovery import discover, reread
from marty_chassis.settings import ChassisConfig

from .project import HOOK, Project, a_class


def test_they_are_collected_outer_first_with_depth_and_name(project: Project) -> None:
    for folder in (".", "services", "services/auth", "services/other", "services/auth/below"):
        project.write(f"{folder}/martyconf.py")

    found = project.discover(service_folder=project.root / "services/auth")

    assert [(one.name, one.depth, one.source.kind) for one in found.candidates] == [
        ("martyconf", 0, "martyconf"),
        ("martyconf-services", 1, "martyconf"),
        ("martyconf-services-auth", 2, "martyconf"),
    ]


def test_the_services_folder_is_the_working_directory(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("services/martyconf.py")
    project.write("config.yaml", "plugins: {}")
    monkeypatch.chdir(project.root / "services")
    config = ChassisConfig.from_file(project.root / "config.yaml")
    found = discover(config, faults=project.faults, environ={})

    assert [one.name for one in found.candidates] == ["martyconf-services"]


@pytest.mark.parametrize("where", ["..", "../elsewhere", "."])
def test_a_service_that_is_not_below_the_root_has_the_roots_alone(
    project: Project, where: str
) -> None:
    project.write("martyconf.py")

    found = project.discover(service_folder=project.root / where)

    assert [one.name for one in found.candidates] == ["martyconf"]


def test_links_on_the_way_are_no_harm(project: Project, tmp_path: Path) -> None:
    project.write("services/martyconf.py")
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(tmp_path)

    found = project.discover(service_folder=link / "services")

    assert [one.name for one in found.candidates] == ["martyconf-services"]


def test_it_holds_classes_and_imports_from_beside(project: Project) -> None:
    project.write("_shared.py", "WORD = 1")
    project.write(
        "martyconf.py", "from ._shared import WORD\n" + a_class("mine").replace("\n        ", "\n")
    )

    candidate = project.only()

    assert (candidate.name, candidate.source.kind) == ("mine", "martyconf")


def test_a_scope_applies_to_it_and_to_the_plugins_beside_it(project: Project) -> None:
    project.write("martyconf.py")
    project.write("plugins/everywhere.py")
    project.write("api/martyconf.py", HOOK + '    scope = "/api/"')
    project.write("api/plugins/scoped.py")
    project.write("api/deeper/plugins/not_beside.py")
    project.plugins["directories"] = ["plugins", "api/plugins", "api/deeper/plugins"]

    found = project.discover(service_folder=project.root / "api")

    assert {one.name: (one.scope, one.depth) for one in found.candidates} == {
        "martyconf": (None, 0),
        "martyconf-api": ("/api", 1),
        "everywhere": (None, 0),
        "scoped": ("/api", 1),
        "not-beside": (None, 2),
    }


def test_a_martyconf_in_the_plugin_folder_itself_scopes_the_files_beside_it(
    project: Project,
) -> None:
    project.write("api/martyconf.py", 'scope = "/api"')
    project.write("api/x.py")
    project.plugins["directories"] = ["api"]

    found = project.discover(service_folder=project.root / "api")

    assert [(one.name, one.scope, one.depth) for one in found.candidates] == [("x", "/api", 1)]
    assert found.problems == ()


@pytest.mark.parametrize("text", ['scope = "/api"\n1 / 0', 'scope: str = "/api"\n(', None])
def test_the_scope_of_one_that_is_broken_or_disabled_still_applies(
    project: Project, text: str | None
) -> None:
    project.write("martyconf.py", text or 'scope = "/api"\nraise SystemExit')
    project.write("plugins/x.py")
    project.plugins["disabled"] = [] if text else ["martyconf"]

    found = project.discover()

    assert [(one.name, one.scope) for one in found.usable] == [("x", "/api")]
    assert project.faults.count("martyconf") == (1 if text else 0)


def test_the_root_as_scope_is_everywhere(project: Project) -> None:
    project.write("martyconf.py", HOOK + '    scope = "/"')

    assert project.only().scope is None


@pytest.mark.parametrize(
    ("scope", "said"), [("'api'", "scope is 'api'"), ("5", "scope is of type int")]
)
def test_a_scope_that_is_none_stops_what_it_would_limit(
    project: Project, scope: str, said: str
) -> None:
    project.write("martyconf.py", HOOK + f"    scope = {scope}")

    found = project.discover()

    problem = f'/project/martyconf.py: {said}. Write the beginning of a path: scope = "/api".'
    assert [project.shown(one) for one in found.problems] == [problem]
    assert [project.shown(one.problem) for one in found.candidates] == [problem]
    assert found.usable == ()


def test_each_can_be_disabled_by_name(project: Project) -> None:
    project.write("martyconf.py", "raise SystemExit")
    project.write("services/martyconf.py")
    project.plugins["disabled"] = ["martyconf"]

    found = project.discover(service_folder=project.root / "services")

    assert [one.name for one in found.candidates] == ["martyconf-services"]
    assert [one.name for one in found.disabled] == ["martyconf"]


def test_the_outermost_names_more_plugins(project: Project) -> None:
    project.install(
        "installed-more",
        {"by-point": "installed_more:Plugin", "another": "installed_more:Plugin"},
        {
            "installed_more.py": a_class("pointed"),
            "installed_deep/__init__.py": "",
            "installed_deep/audit.py": HOOK,
        },
    )
    project.write(
        "services/martyconf.py",
        'marty_plugins = ("by-point", "installed_deep.audit", "installed_more:Plugin")',
    )
    project.plugins["entry_points"] = "none"

    found = project.discover(service_folder=project.root / "services")

    assert [one.name for one in found.usable] == ["pointed", "audit"]
    assert project.shown(found.usable[1].source) == (
        "installed_deep.audit (marty_plugins in /project/services/martyconf.py)"
    )


def test_one_name_may_be_a_plain_text(project: Project) -> None:
    project.install("installed-one", {}, {"installed_one.py": HOOK})
    project.write("martyconf.py", 'marty_plugins = "installed_one"')

    assert project.only().name == "installed-one"


def test_a_name_that_cannot_be_imported_is_a_candidate_with_a_problem(project: Project) -> None:
    project.write("martyconf.py", 'marty_plugins = ["no_such.module"]')

    candidate = project.only()

    assert candidate.name == "module"
    assert project.shown(candidate.problem) == (
        "no_such.module (marty_plugins in /project/martyconf.py): no_such.module:"
        " ModuleNotFoundError: No module named 'no_such'. Install what brings 'no_such' where the"
        " service runs."
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            'marty_plugins = ("json",)',
            "/project/services/martyconf.py: marty_plugins stands in an inner martyconf.py. Write"
            " it into the outermost martyconf.py: what it names applies to all.",
        ),
        (
            "marty_plugins = {'json': 1}",
            "/project/services/martyconf.py: marty_plugins is of type dict, no list of names."
            ' Write import names: marty_plugins = ("my_plugins.audit",).',
        ),
    ],
)
def test_marty_plugins_in_the_wrong_place_or_form(
    project: Project, said: str, problem: str
) -> None:
    project.write("martyconf.py")
    project.write("services/martyconf.py", said)

    found = project.discover(service_folder=project.root / "services")

    assert [project.shown(one) for one in found.problems] == [problem]
    assert [one.name for one in found.usable] == ["martyconf"]


def test_one_that_is_not_read_says_so(project: Project) -> None:
    project.write("plugins/martyconf.py", "raise SystemExit")

    (problem,) = project.discover().problems

    assert problem.severity == "warning"
    assert project.shown(problem) == (
        "/project/plugins/martyconf.py: it is not read here. A martyconf.py counts in the folders"
        " from the configuration file's down to the service's."
    )


def test_a_new_generation_has_the_new_scope(project: Project) -> None:
    file = project.write("martyconf.py", HOOK + '    scope = "/old"')
    candidate = project.only()
    file.write_text(file.read_text().replace("/old", "/new"))

    fresh = reread(candidate, project.faults)

    assert (candidate.scope, fresh.scope) == ("/old", "/new")
    assert candidate.modules != fresh.modules
