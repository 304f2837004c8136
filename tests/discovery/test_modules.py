"""The modules of a plugin file: private, made of the bytes read once, gone when it fails."""

from __future__ import annotations

import importlib.resources
import inspect
import linecache
import os
import pickle
import sys
import traceback
from typing import Any

import pytest

from marty_chassis.discovery import reread
from marty_chassis.discovery.private import Finder

from .project import HOOK, Project, a_class, target


def module_of(project: Project) -> Any:
    return project.only().target


def test_two_files_of_one_name_never_meet(project: Project) -> None:
    project.write("plugins/same.py", a_class("one") + "\n        where = 1")
    project.write("more/same.py", a_class("two") + "\n        where = 2")

    found = project.discover(extra_directories=["more"])

    modules = [sys.modules[one.target.__module__] for one in found.candidates]
    assert [module.where for module in modules] == [1, 2]


def test_siblings_import_relatively_and_each_plugin_has_its_own(project: Project) -> None:
    project.write("plugins/_shared.py", "from .other import WORD\nseen = []")
    project.write("plugins/other.py", HOOK + "    WORD = 'hello'")
    project.write("plugins/a.py", HOOK + "    from . import _shared\n    _shared.seen.append('a')")
    project.write("plugins/b.py", HOOK + "    from ._shared import seen, WORD")

    a, b, _ = (target(one) for one in project.discover().candidates)

    assert a._shared.seen == ["a"]
    assert b.seen == []
    assert b.WORD == "hello"


def test_a_sibling_may_be_a_package_or_a_folder(project: Project) -> None:
    project.write("plugins/_lib/__init__.py", "A = 1")
    project.write("plugins/_lib/deep.py", "B = 2")
    project.write("plugins/_data/more.py", "C = 3")
    project.write(
        "plugins/x.py",
        HOOK
        + "    from ._lib import A\n    from ._lib.deep import B\n    from ._data.more import C",
    )

    module = module_of(project)

    assert (module.A, module.B, module.C) == (1, 2, 3)


def test_a_package_imports_relatively_inside_and_beside(project: Project) -> None:
    project.write("plugins/_beside.py", "A = 1")
    project.write("plugins/my-pkg/_inside.py", "B = 2")
    project.write(
        "plugins/my-pkg/__init__.py",
        HOOK + "    from .._beside import A\n    from ._inside import B\n    from . import _inside",
    )

    module = module_of(project)

    assert (module.A, module.B) == (1, 2)


def test_a_later_import_inside_a_function_works(project: Project) -> None:
    project.write("plugins/_late.py", "A = 1")
    project.write(
        "plugins/x.py", HOOK + "    def late():\n        from ._late import A\n        return A"
    )

    assert module_of(project).late() == 1


def test_a_dataclass_with_annotations_as_text_works(project: Project) -> None:
    project.write(
        "plugins/x.py",
        "from __future__ import annotations\n"
        "from dataclasses import dataclass, KW_ONLY\n" + HOOK.replace("\n    ", "\n") + "\n"
        "@dataclass\nclass D:\n    x: int\n    _: KW_ONLY\n    y: int = 2\n",
    )

    assert module_of(project).D(1).y == 2


def test_an_instance_can_be_pickled_while_its_generation_lives(project: Project) -> None:
    project.write("plugins/x.py", HOOK + "    class C:\n        pass")
    module = module_of(project)

    assert isinstance(pickle.loads(pickle.dumps(module.C())), module.C)


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(project: Project) -> None:
    file = project.write("plugins/x.py", HOOK + "    word = 'old'")
    project.write("plugins/_y.py", "")
    candidate = project.only()
    stat = file.stat()

    file.write_bytes(file.read_bytes().replace(b"old", b"new"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    fresh = reread(candidate, project.faults)

    assert target(fresh).word == "new"
    assert target(candidate).word == "old"


def test_no_bytecode_is_written_or_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    project.write("plugins/x.py", HOOK + "    from . import _y")
    project.write("plugins/_y.py", "")

    project.discover()

    assert not (project.root / "plugins/__pycache__").exists()


def test_debuggers_and_tracebacks_see_the_real_path_and_the_lines_that_run(
    project: Project,
) -> None:
    file = project.write("plugins/x.py", HOOK + "    def fail():\n        return 1 / 0  # here")
    module = module_of(project)
    file.write_text("something else\n" * 20)

    with pytest.raises(ZeroDivisionError) as caught:
        module.fail()

    assert module.__file__ == module.fail.__code__.co_filename == str(file)
    assert "return 1 / 0  # here" in "".join(traceback.format_exception(caught.value))
    assert inspect.getsource(module.fail) == "def fail():\n    return 1 / 0  # here"


def test_a_new_generation_that_fails_leaves_the_lines_of_the_old_one(project: Project) -> None:
    file = project.write("plugins/x.py", HOOK + "    def fail():\n        return 1 / 0  # here")
    candidate = project.only()
    file.write_text("import sys\n" * 20 + "raise ValueError  # there")

    fresh = reread(candidate, project.faults)

    assert fresh.fault is not None
    assert "raise ValueError  # there" in fresh.fault.traceback
    assert "# here" in "".join(linecache.getlines(str(file)))


def test_the_loader_gives_the_source_that_runs_and_the_files_beside_it(project: Project) -> None:
    file = project.write("plugins/pkg/__init__.py", HOOK)
    project.write("plugins/pkg/table.csv", "a,b")
    module = module_of(project)
    file.write_text("something else")
    loader = module.__spec__.loader

    assert "health_check" in loader.get_source(module.__name__)
    assert loader.get_data(str(file.with_name("table.csv"))) == b"a,b"
    assert importlib.resources.files(module).joinpath("table.csv").read_text() == "a,b"


def test_a_module_that_puts_something_else_in_its_place_is_what_it_puts(project: Project) -> None:
    project.write(
        "plugins/x.py", HOOK + "    import sys\n    sys.modules[__name__] = sys.modules['json']"
    )

    (problem,) = project.discover().problems

    assert "there is no plugin in it" in str(problem)


def test_a_distribution_with_the_name_of_our_root_is_left_in_peace(project: Project) -> None:
    sys.modules.pop("marty_plugins", None)
    project.install("marty-plugins", {}, {"marty_plugins/__init__.py": "THEIRS = 1"})
    project.write("plugins/x.py")

    project.discover()

    import marty_plugins  # type: ignore[import-not-found]

    assert marty_plugins.THEIRS == 1
    del sys.modules["marty_plugins"]


def test_others_imports_are_none_of_our_finders_business(project: Project) -> None:
    project.write("plugins/x.py")
    project.discover()

    for name in ("marty_plugins", "marty_plugins._999999", "marty_plugins._999999.x", "json.x"):
        assert Finder.find_spec(name) is None


def test_the_finder_is_entered_once(project: Project) -> None:
    project.write("plugins/x.py")
    project.write("plugins/y.py")
    project.discover()

    assert sys.meta_path.count(Finder) == 1


def test_a_room_says_whose_it_is(project: Project) -> None:
    project.write("plugins/x.py")
    room = project.only().room

    assert room is not None
    assert project.shown(repr(room)).endswith("of /project/plugins/x.py, held by x>")
    room.leave("x")
    assert repr(room).endswith("held by nobody>")
