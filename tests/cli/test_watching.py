"""`marty dev` watches files, and says so; without watchfiles it names the extra."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import httpx2
import pytest

from .conftest import Marty, Process, Write
from .test_run import PLUGIN, SERVES

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def project(write: Write) -> None:
    """A configuration with a plugin, and an application that has read it by itself."""
    write("config.yaml", "plugins: {directories: [./plugins]}")
    write("plugins/headers.py", PLUGIN)
    write("service.py", "from marty_chassis import create_app\napp = create_app('config.yaml')\n")


@pytest.mark.parametrize("target", [(), ("service:app",)])
def test_what_is_saved_is_taken_in(
    start: Callable[..., Process], write: Write, target: tuple[str, ...]
) -> None:
    process = start("dev", *target, "--port", 0)
    url = process.said(SERVES)[1]
    process.said("^Plugins and their configuration are watched: save, and")
    process.said(r"watches plugins/ and the configuration$")

    write("plugins/headers.py", PLUGIN.replace("was here", "has changed"))
    process.said("headers generation 2 serves")

    assert httpx2.get(url).headers["x-plugin"] == "has changed"
    assert process.end() == 130
    assert "change detected" not in process.err
    assert "Traceback" not in process.err


def test_the_environment_may_say_otherwise(start: Callable[..., Process]) -> None:
    process = start("dev", "--port", 0, MARTY_PLUGINS__RELOAD__WATCH="false")

    process.said("^After any change, press Ctrl-C")

    assert process.end() == 130
    assert "watch" not in process.err


def test_run_watches_where_the_configuration_says_so(
    start: Callable[..., Process], write: Write
) -> None:
    write("config.yaml", "plugins: {directories: [./plugins], reload: {watch: true}}")
    process = start("run", "--port", 0)

    process.said("watches plugins/")

    assert process.end() == 130


def test_without_watchfiles_the_extra_is_named(
    marty: Marty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__RELOAD__WATCH", "true")
    monkeypatch.setitem(sys.modules, "watchfiles", None)

    result = marty("dev", "--port", 0)

    assert result.exit_code == 3
    assert "MARTY_MANAGEMENT__TOKEN" not in os.environ
    assert (
        "error: watching files, as `marty dev` does unless MARTY_PLUGINS__RELOAD__WATCH is false,"
        " needs watchfiles, which is not installed. Install it with the extra 'watch':"
        ' pip install "marty-chassis[watch]"\n'
    ) in result.stderr
