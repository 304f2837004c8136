"""A plugin is read again beside itself, found alone, listed without being imported, let go of."""

from __future__ import annotations

import gc
import hashlib
import linecache
import logging
import sys
import weakref
from dataclasses import replace
from typing import Any

import pytest
from loguru import logger

from marty_chassis.discovery import digest_on_disk, reread, unload
from marty_chassis.discovery.traces import Lines
from marty_chassis.errors import InvalidPluginName

from .project import HOOK, Project, a_class, target

TALKATIVE = (
    HOOK
    + """
    import logging
    from loguru import logger

    logging.getLogger(__name__).warning("hello")
    logging.getLogger(__name__ + ".deeper").warning("hello")
    logger.disable(__name__ + ".noisy")
    logger.info("hello")
"""
)


def test_a_new_generation_lives_beside_the_old_one(project: Project) -> None:
    file = project.write("plugins/x.py", a_class("x") + "\n        word = 1")
    old = project.only()
    file.write_text(file.read_text().replace("word = 1", "word = 2"))

    new = reread(old, project.faults)

    assert set(old.modules).isdisjoint(new.modules)
    assert sys.modules[old.target.__module__].word == 1
    assert sys.modules[new.target.__module__].word == 2


def test_unloading_takes_modules_loggers_and_lines_away(project: Project) -> None:
    file = project.write("plugins/x.py", TALKATIVE)
    old = project.only()
    new = reread(old, project.faults)
    package = old.modules[0]

    unload(old)
    unload(old)

    names = [*sys.modules, *logging.Logger.manager.loggerDict, *logger._core.enabled]  # type: ignore[attr-defined]
    assert not [name for name in names if name and name.startswith(package)]
    parent: Any = logging.Logger.manager.loggerDict["marty_plugins"]
    assert not [one for one in parent.loggerMap if one.name.startswith(package)]
    assert linecache.getline(str(file), 2) == "from marty_hookspecs import hookimpl\n"
    assert new.modules
    assert old.modules == ()
    unload(new)
    assert str(file) not in linecache.cache


def test_loggers_below_one_that_is_in_use_go_too(project: Project) -> None:
    logging.getLogger("marty_plugins")
    project.write("plugins/x.py", TALKATIVE)
    candidate = project.only()

    unload(candidate)

    table = logging.Logger.manager.loggerDict
    assert [name for name in table if name.startswith("marty_plugins")] == ["marty_plugins"]
    del table["marty_plugins"]


def test_a_loguru_without_its_tables_is_no_harm(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("plugins/x.py")
    candidate = project.only()
    monkeypatch.setattr("marty_chassis.discovery.traces.logger", object())

    unload(candidate)

    assert candidate.modules == ()


def test_a_file_with_two_plugins_goes_with_the_last(project: Project) -> None:
    project.write("plugins/two.py", a_class("first") + a_class("second").replace("Plugin:", "Two:"))
    first, second = project.discover().candidates

    unload(first)
    assert second.modules != ()

    unload(second)
    assert second.modules == ()


def test_of_a_file_with_two_plugins_one_is_read_again(project: Project) -> None:
    project.write("plugins/two.py", a_class("first") + a_class("second").replace("Plugin:", "Two:"))
    first, _ = project.discover().candidates

    fresh = reread(first, project.faults)
    unload(fresh)

    assert fresh.name == "first"
    assert fresh.modules == ()


def test_after_many_generations_nothing_is_left(project: Project) -> None:
    project.write("plugins/_shared.py", "class S: ...")
    project.write(
        "plugins/x.py",
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from ._shared import S\n"
        + TALKATIVE.replace("\n    ", "\n")
        + "\n@dataclass\nclass D:\n    s: S\n",
    )
    candidate = project.only()
    left: list[weakref.ref[Any]] = []

    for _ in range(30):
        fresh = reread(candidate, project.faults)
        left += [weakref.ref(candidate.target), weakref.ref(target(candidate).D)]
        unload(candidate)
        candidate = fresh
    gc.collect()

    assert [ref() for ref in left if ref() is not None] == []
    assert len([name for name in sys.modules if name.startswith("marty_plugins._")]) == 3


def test_failed_generations_leave_nothing(project: Project) -> None:
    file = project.write("plugins/x.py")
    candidate = project.only()
    file.write_text("class Big: ...\nkept = Big()\nraise ValueError(kept)")
    before = set(sys.modules)

    for _ in range(5):
        assert not reread(candidate, project.faults).usable
    gc.collect()

    assert set(sys.modules) == before
    assert not [o for o in gc.get_objects() if type(o).__name__ == "Big"]


def test_a_plugin_that_is_no_longer_in_its_file(project: Project) -> None:
    file = project.write("plugins/x.py", a_class("old"))
    candidate = project.only()
    file.write_text(file.read_text().replace("'old'", "'new'"))

    fresh = reread(candidate, project.faults)

    assert not fresh.usable
    assert fresh.name == "old"
    assert fresh.modules == ()
    assert project.shown(fresh.problem) == (
        "/project/plugins/x.py: it holds 'new', and 'old' no more. Load what it holds, or unload"
        " 'old'."
    )
    file.write_text("")
    assert "it holds no plugin, and 'old' no more" in reread(candidate, project.faults).problem
    assert candidate.usable
    assert candidate.modules != ()


def test_a_name_that_two_plugins_of_a_file_have_now(project: Project) -> None:
    file = project.write("plugins/x.py", a_class("x"))
    candidate = project.only()
    text = file.read_text()
    file.write_text(text + text.replace("Plugin:", "Two:"))

    fresh = reread(candidate, project.faults)

    assert not fresh.usable
    assert fresh.modules == ()
    assert "2 plugins are called 'x'" in fresh.problem


def test_a_file_that_is_gone(project: Project) -> None:
    file = project.write("plugins/x.py")
    candidate = project.only()
    file.unlink()

    fresh = reread(candidate, project.faults)

    assert project.shown(fresh.problem) == (
        "/project/plugins/x.py: it is gone. Bring it back, or unload the plugin."
    )
    assert fresh.name == "x"
    assert fresh.fault is None
    assert digest_on_disk(candidate) is None
    assert digest_on_disk(fresh) is None


def test_a_broken_file_that_was_mended(project: Project) -> None:
    file = project.write("plugins/x.py", "(")
    candidate = project.only()
    file.write_text(HOOK.replace("\n    ", "\n"))

    assert reread(candidate, project.faults).usable


def test_the_digest_of_a_file_is_its_own_and_follows_the_disk(project: Project) -> None:
    file = project.write("plugins/x.py")
    candidate = project.only()

    assert candidate.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest_on_disk(candidate) == candidate.sha256
    file.write_text("(")
    assert digest_on_disk(candidate) != candidate.sha256
    broken = reread(candidate, project.faults)
    assert digest_on_disk(broken) == broken.sha256


def test_the_digest_of_a_package_sees_new_modules_and_siblings(project: Project) -> None:
    project.write(
        "plugins/pkg/__init__.py",
        "from .._shared import A\n" + a_class("x").replace("\n        ", "\n"),
    )
    project.write("plugins/pkg/more.py", "")
    shared = project.write("plugins/_shared.py", "A = 1")
    candidate = project.only()

    assert sorted(project.shown(file) for file in candidate.files) == [
        "/project/plugins/_shared.py",
        "/project/plugins/pkg/__init__.py",
        "/project/plugins/pkg/more.py",
    ]
    assert digest_on_disk(candidate) == candidate.sha256
    new = project.write("plugins/pkg/new.py", "")
    assert digest_on_disk(candidate) != candidate.sha256
    new.unlink()
    shared.write_text("A = 2")
    assert digest_on_disk(candidate) != candidate.sha256


def test_one_is_found_by_name_and_others_are_not_imported(project: Project) -> None:
    project.write("plugins/x.py", "raise SystemExit")
    project.write("plugins/wanted.py", "")
    project.write("plugins/y.py", a_class("Wan.Ted"))
    project.write("services/martyconf.py", "raise SystemExit")
    project.plugins["disabled"] = ["wan-ted"]

    found = project.find_one("WAN_TED", service_folder=project.root / "services")

    assert found is not None
    assert found.usable
    assert found.name == "wan-ted"
    assert project.find_one("nobody", service_folder=project.root / "services") is None
    with pytest.raises(InvalidPluginName):
        project.find_one("no name")


def test_one_is_found_where_only_importing_tells(project: Project) -> None:
    project.write("plugins/a.py", a_class("x").replace("'x'", "'wan' + 'ted'"))
    project.write("plugins/b.py", a_class("x").replace("'x'", "'other' + ''"))
    project.write("martyconf.py", 'scope = "/api"')

    found = project.find_one("wanted")

    assert found is not None
    assert found.scope == "/api"
    assert (
        len({name.split(".")[1] for name in sys.modules if name.startswith("marty_plugins._")}) == 1
    )


def test_one_is_found_among_entry_points_that_are_not_named(project: Project) -> None:
    project.install("installed-w", {"wanted": "installed_w"}, {"installed_w.py": HOOK})
    project.plugins["entry_points"] = "named"

    found = project.find_one("wanted")

    assert found is not None
    assert found.usable


def test_places_are_listed_without_importing(project: Project) -> None:
    project.write("martyconf.py", "raise SystemExit")
    project.write("plugins/a.py", "raise SystemExit\n@plugin(name='Real_Name')\nclass A: ...")
    project.write("more/pkg/__init__.py", "raise SystemExit\n@hookimpl\ndef health_check(): ...")
    project.install("installed-l", {"point": "installed_l"}, {"installed_l.py": "raise SystemExit"})
    project.plugins["directories"] = ["plugins", "nowhere"]

    places = project.listing(extra_directories=["more"])

    assert [(project.shown(one.source), one.expected()) for one in places] == [
        ("/project/martyconf.py", ("martyconf",)),
        ("/project/plugins/a.py", ("real-name",)),
        ("/project/more/pkg", ("pkg",)),
        ("entry point 'point' of installed-l 1.0", ("point",)),
    ]


def test_what_has_no_files_has_no_digest(project: Project) -> None:
    project.write("plugins/x.py")
    project.plugins["disabled"] = ["x"]

    (disabled,) = project.discover().disabled

    assert disabled.sha256 is None
    assert digest_on_disk(disabled) is None


def test_a_package_that_cannot_be_listed_has_no_digest(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("plugins/pkg/__init__.py", "(")
    candidate = project.only()

    def listdir(path: object) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.listdir", listdir)
    fresh = reread(candidate, project.faults)

    assert fresh.sha256 is None
    assert fresh.name == "pkg"
    assert "PermissionError: [Errno 13] Permission denied" in fresh.problem


def test_files_that_can_be_read_no_more_have_no_digest(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project.write("plugins/x.py")
    candidate = project.only()
    file.unlink()
    file.symlink_to("/proc/self/mem")

    assert digest_on_disk(candidate) is None


def test_what_has_no_place_cannot_be_read_again(project: Project) -> None:
    project.write("plugins/x.py")
    candidate = replace(project.only(), place=None)

    assert reread(candidate, project.faults) is candidate


def test_the_lines_that_are_shown_can_be_named() -> None:
    lines = Lines()
    assert repr(lines) == "<Lines of no files>"

    lines.add("<nowhere>", b"x = 1")
    assert repr(lines) == "<Lines of <nowhere>>"
    lines.drop()
