"""Files that are none, folders without plugins, names of nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from marty_chassis.cli.checking import source

from ..conftest import Marty, Write
from .conftest import Check

PLUGIN = """
    from marty_chassis.plugins import IPlugin, plugin

    @plugin(name="one", version="1", description="One")
    class One(IPlugin): ...
    """


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b'x = 1\ny = "\xff"\n', 2, "not UTF-8: byte 0xff"),
        (b"x = 1\0\n", 1, "null bytes: this is no Python source"),
    ],
)
def test_what_is_no_text(check: Check, here: Path, data: bytes, line: int, message: str) -> None:
    (here / "one.py").write_bytes(data)

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["line"], one["message"]) == ("unreadable", line, message)


def test_a_text_that_says_its_encoding(check: Check, here: Path) -> None:
    text = '# coding: latin-1\nfrom marty_hookspecs import hookimpl\nx = "ÿ"; @hookimpl\n'
    (here / "one.py").write_bytes(text.encode("latin-1"))

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["line"], one["column"]) == ("syntax", 3, 10)


def test_columns_are_counted_in_characters(check: Check, here: Path) -> None:
    (here / "one.py").write_text('"ÿÿÿ"; import time\nasync def f(): "ÿ"; time.sleep(1)\n', "utf-8")

    (one,) = check("one.py", "--static")["findings"]

    assert (one["line"], one["column"]) == (2, 21)


def test_a_link_that_leads_nowhere(check: Check, here: Path) -> None:
    (here / "one.py").symlink_to("nowhere.py")

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["path"]) == ("unreadable", "one.py")
    assert one["message"] == "it is a link to nowhere.py, which is not there"


def test_a_device_is_not_read(check: Check, here: Path) -> None:
    (here / "plugins").mkdir()
    (here / "plugins" / "one.py").symlink_to("/dev/zero")

    (one,) = check("plugins")["findings"]

    assert (one["rule"], one["message"]) == ("unreadable", "it is not a regular file")


def test_a_pipe_is_not_waited_for(check: Check, here: Path) -> None:
    os.mkfifo(here / "one.py")

    (one,) = check("one.py")["findings"]

    assert (one["rule"], one["message"]) == ("unreadable", "it is not a regular file")


def test_a_file_that_may_not_be_read(
    check: Check, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one.py", PLUGIN)

    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(source, "read_source", refused)

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["message"]) == ("unreadable", "it cannot be read: Permission denied")
    assert one["hint"] == "Let the service read it, or take it out."


def test_a_file_that_nobody_has_written(check: Check, here: Path) -> None:
    (here / "one.py").write_bytes(b"#" * (source.LARGEST + 1))

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["message"]) == ("unreadable", "it has 2,000,001 bytes, too many")


@pytest.mark.parametrize("text", ["x = " + "-" * 100_000 + "1", "x = 1" + "+1" * 100_000])
def test_an_expression_without_end(check: Check, here: Path, text: str) -> None:
    (here / "one.py").write_text(text)

    found = check("one.py", "--static")["findings"]

    assert [one["rule"] for one in found] in ([], ["unreadable"], ["syntax"])


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python knows it")
def test_the_syntax_of_a_newer_python(check: Check, here: Path) -> None:
    (here / "one.py").write_text('greeting = t"hello"\n')

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["line"]) == ("syntax", 1)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert one["message"].endswith(f", says Python {version}")
    assert "let a Python run it that knows it" in one["hint"]


def test_a_folder_without_plugins(check: Check, write: Write) -> None:
    write("plugins/_helper.py", "x = 1")

    (one,) = check("plugins")["findings"]

    assert (one["rule"], one["severity"], one["path"]) == ("no-plugin", "error", "plugins")


def test_a_folder_that_may_not_be_read(
    check: Check, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "plugins").mkdir()

    def refused(folder: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(os, "listdir", refused)

    (one,) = check("plugins", "--static")["findings"]

    assert (one["rule"], one["message"]) == ("unreadable", "it cannot be read: Permission denied")


def test_a_file_without_a_plugin(check: Check, write: Write) -> None:
    write("one.py", "x = 1")

    (one,) = check("one.py")["findings"]

    assert (one["rule"], one["severity"], one["path"]) == ("no-plugin", "error", "one.py")


def test_what_is_no_python_file(check: Check, write: Write) -> None:
    write("plugins.txt", "one")

    (one,) = check("plugins.txt")["findings"]

    assert (one["rule"], one["message"]) == ("no-plugin", "it is no Python file")


def test_a_name_of_nothing_is_a_mistake_of_the_command_line(marty: Marty, write: Write) -> None:
    write("plugins/one.py", PLUGIN)

    said = marty("plugins", "check", "plugin")

    assert said.exit_code == 2
    assert said.stderr.endswith(
        "Error: Invalid value for PATH: there is no file or folder 'plugin', and nothing installed"
        " of this name brings plugins. Did you mean 'plugins'? Name a plugin file, a package, a"
        " folder, a martyconf.py, a project with pyproject.toml, or a distribution.\n"
    )


def test_a_configuration_that_cannot_be_used_is_the_answer(marty: Marty, write: Write) -> None:
    write("one.py", PLUGIN)
    write("config.yaml", "service: {prot: 1}")

    said = marty("plugins", "check", "one.py")

    assert said.exit_code == 1
    assert said.stderr.startswith("error: the configuration cannot be used, 1 problem:\n")
    assert "  config.yaml:1:17 service.prot: an unknown key. Did you mean 'port'?" in said.stderr
