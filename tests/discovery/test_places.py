"""The files that plugins are of, listed and read one by one as a search would read them."""

from __future__ import annotations

from marty_chassis.discovery import places_of_files, read_place

from .project import Project, a_class


def test_files_are_listed_with_the_scope_that_a_martyconf_shows(project: Project) -> None:
    project.write("api/martyconf.py", 'scope = "/api"\nraise SystemExit')
    project.write("api/plugins/x.py", "raise SystemExit")
    project.write("plugins/_shared.py", "raise SystemExit")
    project.plugins["directories"] = ["plugins", "api/plugins", "nowhere"]

    places = places_of_files(project.config, service_folder=project.root / "api")

    assert [(project.shown(one.source), one.scope, one.depth) for one in places] == [
        ("/project/api/martyconf.py", None, 1),
        ("/project/api/plugins/x.py", "/api", 1),
    ]


def test_a_place_is_read_as_a_search_reads_it(project: Project) -> None:
    project.write("plugins/x.py", a_class("x"))
    project.write("plugins/off.py", "raise SystemExit")
    project.plugins["disabled"] = ["off"]
    off, x = places_of_files(project.config)

    (disabled,) = read_place(project.config, off, project.faults)
    (usable,) = read_place(project.config, x, project.faults)

    assert "disabled by plugins.disabled" in disabled.problem
    assert usable.usable
    usable.leave()


def test_of_two_plugins_of_one_name_in_a_place_neither_is_usable(project: Project) -> None:
    text = a_class("x")
    project.write("plugins/x.py", text + text.replace("Plugin:", "Two:"))
    (place,) = places_of_files(project.config)

    found = read_place(project.config, place, project.faults)

    assert [one.usable for one in found] == [False, False]
