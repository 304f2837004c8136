"""Plugins are imported and made in a process of their own, and compared with their sections."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import ROOTS, Marty, Write
from .conftest import Check, found

PLUGIN = """
    from marty_chassis.plugins import IPlugin, plugin
    {1}
    @plugin(name="{0}", version="1.0.0", description="One")
    class One(IPlugin): ...
    """
SETTINGS = """
    from pydantic import BaseModel, Field
    from marty_chassis.plugins import IPlugin, plugin

    class Settings(BaseModel):
        url: str
        every: float = Field(default=60, gt=0)

    @plugin(name="stock", version="1.0.0", description="Polls", config_schema=Settings)
    class Stock(IPlugin): ...
    """


def test_the_section_is_compared_with_the_model(check: Check, write: Write) -> None:
    write("one.py", SETTINGS)
    write("orders.yaml", "plugins:\n  stock:\n    every: -1\n    evry: 2\n")

    data = check("one.py", "-c", "orders.yaml")

    assert found(data) == [
        ("orders.yaml", 2, "configuration"),
        ("orders.yaml", 3, "configuration"),
    ]
    assert [one["message"] for one in data["findings"]] == [
        "plugins.stock.url: missing, and there is no default",
        "plugins.stock.every: Input should be greater than 0",
    ]


@pytest.mark.parametrize(
    ("raised", "words"),
    [("KeyError('url')", "KeyError: 'url'"), ("LookupError('Nothing.')", "LookupError: Nothing")],
)
def test_a_model_whose_own_code_raises(check: Check, write: Write, raised: str, words: str) -> None:
    write(
        "one.py",
        f"""
        from pydantic import BaseModel, model_validator
        from marty_chassis.plugins import IPlugin, plugin

        class Settings(BaseModel):
            @model_validator(mode="after")
            def look(self):
                raise {raised}

        @plugin(name="stock", version="1.0.0", description="Polls", config_schema=Settings)
        class Stock(IPlugin): ...
        """,
    )

    (one,) = check("one.py")["findings"]

    assert (one["rule"], one["line"]) == ("bad-model", 7)
    assert one["message"] == f"the model's own code raised {words}"
    assert one["hint"] == (
        "Raise ValueError for what it refuses: then the check says which key is wrong."
    )


def test_a_key_that_the_model_does_not_know_is_a_warning(check: Check, write: Write) -> None:
    write("one.py", SETTINGS)
    write("config.yaml", "plugins:\n  stock:\n    url: x\n    evry: 2\n")

    (one,) = check("one.py")["findings"]

    assert (one["rule"], one["severity"]) == ("configuration", "warning")
    assert (one["path"], one["line"], one["hint"]) == ("config.yaml", 4, "Did you mean 'every'?")


def test_without_a_configuration_nothing_is_missing_in_it(check: Check, write: Write) -> None:
    write("one.py", SETTINGS)

    data = check("one.py")

    assert (data["findings"], data["plugins"]) == ([], [])


def test_what_hangs_is_told_and_the_others_are_tried(check: Check, write: Write) -> None:
    write("plugins/a.py", PLUGIN.format("a", "import time; time.sleep(60)"))
    write("plugins/b.py", PLUGIN.format("b", "raise OSError('no disk')"))

    data = check("plugins", "--timeout", "1")

    assert found(data) == [("plugins/a.py", 2, "hangs"), ("plugins/b.py", 2, "import")]
    assert data["findings"][0]["message"] == (
        "importing or making it has not come to an end after 1 s"
    )


def test_what_hangs_in_a_configuration_is_told(check: Check, write: Write) -> None:
    write("config.yaml", "plugins: {directories: [plugins]}")
    hanging = "def __init__(self): import threading; threading.Event().wait()"
    write("plugins/a.py", PLUGIN.format("a", "").replace(": ...", ":\n        " + hanging))

    data = check("--timeout", "1")

    assert found(data) == [("plugins/a.py", 5, "hangs")]


@pytest.mark.parametrize(
    ("statement", "how"),
    [
        ("import os; os._exit(0)", "with the exit code 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "by SIGKILL"),
        ("import faulthandler; faulthandler._sigsegv()", "by SIGSEGV"),
    ],
)
def test_what_ends_the_process_is_told(
    check: Check, write: Write, statement: str, how: str
) -> None:
    write("plugins/a.py", PLUGIN.format("a", statement))
    write("plugins/b.py", PLUGIN.format("b", ""))

    data = check("plugins")

    (one,) = [one for one in data["findings"] if one["rule"] == "ends-process"]
    assert one["path"] == "plugins/a.py"
    assert one["line"] in (2, None)
    assert one["message"] == f"importing or making it ended the process, {how}"


def test_whatever_is_printed_while_plugins_are_imported_is_no_data(
    marty: Marty, write: Write
) -> None:
    noise = (
        "import os, subprocess, sys\n"
        "print('print'); os.write(1, b'write\\n'); sys.__stdout__.write('stdout\\n')\n"
        "subprocess.run(['echo', 'echo'], check=True); sys.stdin.read()\n"
    )
    write(
        "one.py",
        noise + "from marty_hookspecs import hookimpl\n@hookimpl\ndef health_check(): ...\n",
    )

    said = marty("plugins", "check", "one.py", "--json")
    verbose = marty("plugins", "check", "one.py", "--json", "-v")

    assert json.loads(said.stdout)["errors"] == 0
    assert said.stderr == ""
    assert json.loads(verbose.stdout)["errors"] == 0
    for word in ("print", "write", "stdout", "echo"):
        assert f"{word}\n" in verbose.stderr


def test_what_a_plugin_leaves_running_is_not_waited_for(check: Check, write: Write) -> None:
    left = (
        "import subprocess, threading, time\n"
        "threading.Thread(target=time.sleep, args=[60]).start()  # marty: ignore[own-thread]\n"
        "PROCESS = subprocess.Popen(['sleep', '2'])\n"
    )
    write(
        "one.py",
        left + "from marty_hookspecs import hookimpl\n@hookimpl\ndef health_check(): ...\n",
    )

    data = check("one.py", "--timeout", "20")

    assert [one["rule"] for one in data["findings"]] == ["missing-metadata"]


def test_a_dependency_that_may_be_elsewhere_is_a_warning(check: Check, write: Write) -> None:
    write("plugins/a.py", PLUGIN.format("a", "").replace('"One"', '"One", dependencies=["nobody"]'))
    write("plugins/b.py", PLUGIN.format("b", "").replace('"One"', '"One", dependencies=["a"]'))
    write(
        "plugins/c.py",
        PLUGIN.format("c", "").replace('"One"', '"One", dependencies=["jwt-authentication"]'),
    )

    data = check("plugins")

    assert [(one["path"], one["severity"], one["message"]) for one in data["findings"]] == [
        ("plugins/a.py", "warning", "it needs 'nobody', which no plugin here is or provides"),
        ("plugins/b.py", "warning", "it needs 'a', which would not start"),
    ]
    assert data["findings"][0]["line"] == 3


def test_a_version_that_does_not_fit(check: Check, write: Write) -> None:
    write("plugins/a.py", PLUGIN.format("a", ""))
    write("plugins/b.py", PLUGIN.format("b", "").replace('"One"', '"One", dependencies=["a>=2"]'))

    (one,) = check("plugins")["findings"]

    assert (one["rule"], one["message"]) == ("dependency", "it needs 'a>=2', but finds a 1.0.0")


def test_plugins_that_wait_for_each_other(check: Check, write: Write) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        write(
            f"plugins/{name}.py",
            PLUGIN.format(name, "").replace('"One"', f'"One", dependencies=["{other}"]'),
        )

    data = check("plugins")

    assert [one["message"] for one in data["findings"]] == [
        "plugins wait for each other: a → b → a"
    ] * 2


def test_a_sibling_that_is_imported_as_if_it_were_installed(check: Check, write: Write) -> None:
    write("plugins/a.py", PLUGIN.format("a", "import _sums"))
    write("plugins/_sums.py", "")

    (one,) = check("plugins")["findings"]

    assert (one["rule"], one["line"]) == ("import", 2)
    assert one["hint"] == "It lies beside the plugin: write `from . import _sums`."


def test_nothing_is_left_on_the_disk_and_nothing_in_this_process(
    check: Check, write: Write, here: Path
) -> None:
    write("plugins/a.py", PLUGIN.format("a", "from . import _sums"))
    write("plugins/_sums.py", "")
    modules = set(sys.modules)

    assert check("plugins")["errors"] == 0

    assert {one.name for one in here.rglob("*")} == {"plugins", "a.py", "_sums.py"}
    assert not [name for name in set(sys.modules) - modules if name.startswith("marty_plugins")]


def test_looking_at_the_source_runs_nothing(check: Check, write: Write, here: Path) -> None:
    write("one.py", PLUGIN.format("a", "open('made.txt', 'w')"))

    data = check("one.py", "--static")

    assert data["errors"] == 0
    assert not (here / "made.txt").exists()


@pytest.mark.slow
def test_as_a_program_among_others(write: Write, here: Path) -> None:
    write("plugins/one.py", PLUGIN.format("one", "print('hello')"))
    line = [sys.executable, "-m", "marty_chassis.cli", "plugins", "check", "plugins", "--json"]

    run = subprocess.run(
        line,
        cwd=here,
        env={"PYTHONPATH": ":".join(ROOTS), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["ok"] is True
