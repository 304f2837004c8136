"""A broken plugin is listed, says what is wrong and what to do, and stops only itself."""

from __future__ import annotations

import os
import re
import sys

import pytest

from marty_chassis.boundary import Faults, Phase
from marty_chassis.discovery import Candidate
from marty_chassis.discovery.attempt import Attempt

from .project import HOOK, Project, a_class

MEND = "Mend it and reload the plugin; the others are not affected."


def broken(project: Project, text: str | bytes, name: str = "bad.py") -> Candidate:
    """The candidate of a broken file, beside one that is sound."""
    project.write("plugins/sound.py")
    project.write(f"plugins/{name}", text)
    before = set(sys.modules)
    found = project.discover()

    (candidate,) = [one for one in found.candidates if one.name != "sound"]
    left = {name for name in set(sys.modules) - before if name.startswith("marty_plugins._")}
    assert [one.name for one in found.usable] == ["sound"]
    assert left == set(found.usable[0].modules), "a broken file leaves no modules"
    assert not candidate.usable
    assert candidate.target is None
    assert candidate.modules == ()
    return candidate


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "x = 1\n\n1 / 0\n",
            f"/project/plugins/bad.py:3: ZeroDivisionError: division by zero. {MEND}",
        ),
        ("x = (\n", f"/project/plugins/bad.py:1: SyntaxError: '(' was never closed. {MEND}"),
        (
            b"x = 1\ny = '\xe9'\n",
            f"/project/plugins/bad.py:2: SyntaxError: not UTF-8: byte 0xe9. {MEND}",
        ),
        (
            "x = 1\n".encode("utf-16"),
            f"/project/plugins/bad.py:1: SyntaxError: not UTF-8: byte 0xff. {MEND}",
        ),
        (
            b"x = 1\n\0\n",
            f"/project/plugins/bad.py:2: SyntaxError: null bytes: this is no Python source. {MEND}",
        ),
        (
            "# coding: nonsense\n",
            f"/project/plugins/bad.py: SyntaxError: unknown encoding: nonsense. {MEND}",
        ),
        (
            "import no_such_library.deeper\n",
            "/project/plugins/bad.py:1: ModuleNotFoundError: No module named 'no_such_library'."
            " Install what brings 'no_such_library' where the service runs.",
        ),
        (
            "import sound\n",
            "/project/plugins/bad.py:1: ModuleNotFoundError: No module named 'sound'. It lies"
            " beside the plugin: write `from . import sound`.",
        ),
        (
            "from .nowhere import x\n",
            "/project/plugins/bad.py:1: ModuleNotFoundError: there is no nowhere.py in"
            f" /project/plugins. {MEND}",
        ),
        (
            "import sys\nsys.exit('enough')\n",
            "/project/plugins/bad.py:2: SystemExit: enough. A plugin must not end the service:"
            " remove the exit.",
        ),
        (
            "raise KeyboardInterrupt\n",
            "/project/plugins/bad.py:1: KeyboardInterrupt. It was interrupted while it was"
            " imported.",
        ),
        ("raise GeneratorExit\n", f"/project/plugins/bad.py:1: GeneratorExit. {MEND}"),
        (
            "import asyncio\nraise asyncio.CancelledError('mine')\n",
            f"/project/plugins/bad.py:2: CancelledError: mine. {MEND}",
        ),
        (
            "raise ValueError('two\\nlines')\n",
            f"/project/plugins/bad.py:1: ValueError: two\\nlines. {MEND}",
        ),
        (
            "import sys\ndel sys.modules[__name__]\n",
            f"/project/plugins/bad.py: KeyError: 'marty_plugins._N.bad'. {MEND}",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(
    project: Project, text: str | bytes, problem: str
) -> None:
    candidate = broken(project, text)

    assert re.sub(r"_\d+", "_N", project.shown(candidate.problem)) == problem
    assert candidate.fault is not None
    assert candidate.fault.phase is Phase.IMPORT
    assert candidate.fault.plugin == candidate.name == "bad"
    assert project.faults.recent("bad") == (candidate.fault,)


def test_the_traceback_begins_with_the_plugins_own_file(project: Project) -> None:
    candidate = broken(project, "def f():\n    raise ValueError('no')\n\nf()\n")

    assert candidate.fault is not None
    assert project.shown(candidate.fault.traceback).replace("    ~^^\n", "") == (
        "Traceback (most recent call last):\n"
        '  File "/project/plugins/bad.py", line 4, in <module>\n'
        "    f()\n"
        '  File "/project/plugins/bad.py", line 2, in f\n'
        "    raise ValueError('no')\n"
        "ValueError: no\n"
    )


def test_a_broken_module_of_a_package_breaks_the_package(project: Project) -> None:
    project.write("plugins/pkg/__init__.py", "")
    project.write("plugins/pkg/first.py", a_class("first"))

    candidate = broken(project, "1 / 0", "pkg/second.py")

    assert candidate.name == "first"
    assert project.shown(candidate.problem).startswith("/project/plugins/pkg/second.py:1: Zero")


def test_a_broken_sibling_is_a_fault_of_whoever_imports_it(project: Project) -> None:
    project.write("plugins/_helper.py", "x = 1\n1 / 0\n")

    candidate = broken(project, "from . import _helper\n")

    assert project.shown(candidate.problem) == (
        f"/project/plugins/bad.py:1: ZeroDivisionError: division by zero. {MEND}"
    )


def test_a_broken_file_is_listed_under_the_names_that_it_declares(project: Project) -> None:
    project.write(
        "plugins/auth.py",
        """
        import no_such_library
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="JWT-authentication", version="1")
        class Jwt(IPlugin): ...

        @plugin("api-keys")
        class Keys(IPlugin): ...
        """,
    )

    found = project.discover()

    assert [one.name for one in found.candidates] == ["jwt-authentication", "api-keys"]
    assert [one.fault.plugin for one in found.candidates if one.fault] == [
        "jwt-authentication",
        "api-keys",
    ]


def test_a_keyboard_interrupt_asks_for_shutdown(project: Project) -> None:
    asked: list[str] = []
    project.faults = Faults(on_interrupt=lambda: asked.append("stop"))

    broken(project, "raise KeyboardInterrupt\n")

    assert asked == ["stop"]


def test_a_fault_that_was_reported_already_is_not_reported_again(project: Project) -> None:
    candidate = broken(
        project,
        """
        from marty_chassis.boundary import Faults, Phase, guarded

        with guarded(Faults(), plugin="inner", phase=Phase.CONSTRUCT):
            raise ValueError("inside")
        """,
    )

    assert candidate.fault is not None
    assert candidate.fault.message == "inside"
    assert project.faults.count("bad") == 0


def test_a_host_that_cancels_is_obeyed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marty_chassis.discovery.attempt.host_cancelled", lambda error: True)
    project.write("plugins/bad.py", "raise ValueError('mine')")

    with pytest.raises(ValueError, match="mine"):
        project.discover()

    assert not [name for name in sys.modules if name.startswith("marty_plugins._")]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (
            lambda path: path.mkdir(),
            "it is a folder. Rename it: what ends in .py is taken for a file.",
        ),
        (
            lambda path: path.symlink_to("nowhere"),
            "it is a link to nowhere, which is not there. Mend or remove it.",
        ),
        (
            lambda path: path.symlink_to(path),
            "it is a link to /project/plugins/bad.py, which is not there. Mend or remove it.",
        ),
    ],
)
def test_what_is_no_file(project: Project, make, problem: str) -> None:
    make(project.root / "plugins/bad.py")

    candidate = project.only()

    assert project.shown(candidate.problem) == f"/project/plugins/bad.py: {problem}"
    assert candidate.fault is None


def test_a_pipe_is_not_waited_for(project: Project) -> None:
    os.mkfifo(project.root / "plugins/bad.py")

    candidate = project.only()

    assert project.shown(candidate.problem) == (
        "/project/plugins/bad.py: OSError: /project/plugins/bad.py is not a regular file. " + MEND
    )


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="a file that nobody can read")
def test_a_file_that_cannot_be_read(project: Project) -> None:
    (project.root / "plugins/bad.py").symlink_to("/proc/self/mem")

    candidate = project.only()

    assert project.shown(candidate.problem) == (
        f"/project/plugins/bad.py: OSError: [Errno 5] Input/output error. {MEND}"
    )
    assert candidate.sha256 is None


def test_a_folder_with_python_files_is_a_package_or_says_why_not(project: Project) -> None:
    project.write("plugins/pkg/middleware.py", a_class("mine"))

    candidate = project.only()

    assert project.shown(candidate.problem) == (
        "/project/plugins/pkg: it has Python files and no __init__.py. Add an empty one, or rename"
        " it _*."
    )


def test_a_folder_that_cannot_be_listed_is_passed_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "plugins/closed").mkdir()
    listdir = os.listdir

    def refused(path: object) -> list[str]:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(os, "listdir", refused)

    assert project.discover().candidates == ()


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf" + HOOK.replace("\n    ", "\n").encode(), None])
def test_a_byte_order_mark_and_another_encoding_are_no_harm(
    project: Project, text: bytes | None
) -> None:
    latin = "# coding: latin-1\n" + HOOK.replace("\n    ", "\n") + "name = 'é'\n"
    project.write("plugins/fine.py", text or latin.encode("latin-1"))

    candidate = project.only()

    assert candidate.usable
    assert getattr(candidate.target, "name", "é") == "é"


def test_an_attempt_says_how_it_went() -> None:
    with Attempt(Faults(), lambda: "x") as attempt:
        pass
    assert repr(attempt) == "<Attempt to import: no fault>"

    with Attempt(Faults(), lambda: "x") as attempt:
        raise ValueError("no")
    assert repr(attempt) == "<Attempt to import: import failed: ValueError: no>"
