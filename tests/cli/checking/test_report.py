"""What is printed: for people by file, for programs as JSON, and what the exit code says."""

from __future__ import annotations

import json

import pytest

from ..conftest import Marty, Write

GUARD = """
    from marty_chassis.plugins import IMiddlewarePlugin, plugin

    @plugin(name="guard", version="1.0.0", description="Lets in who has a ticket")
    class Guard(IMiddlewarePlugin):
        async def process_request(self, request, call_next):
            return await call_next(request)
    """
TAGGER = """
    from marty_hookspecs import hookimpl

    @hookimpl
    async def service_pre_registr(service_info):
        return service_info
    """


@pytest.fixture
def plugins(write: Write) -> None:
    """One plugin with a warning, one with an error and a warning."""
    write("plugins/guard.py", GUARD)
    write("plugins/tagger.py", TAGGER)


@pytest.mark.usefixtures("plugins")
def test_findings_stand_below_their_file_in_the_order_of_its_lines(marty: Marty) -> None:
    said = marty("plugins", "check", "plugins")

    assert said.exit_code == 1
    assert said.stdout == (
        "plugins/guard.py\n"
        "  5:5     warning: websockets pass by 'process_request': what it refuses or adds, it does"
        " for HTTP alone. [no-websocket]\n"
        "          Write process_websocket(websocket, call_next), which may close one instead of"
        " calling call_next. Where websockets are none of its business, say so: # marty:"
        " ignore[no-websocket].\n"
        "\n"
        "plugins/tagger.py\n"
        "  3:2     warning: it says no version and no description, and operators look for that in"
        " every listing. [missing-metadata]\n"
        "          Say it with plugin_metadata = PluginMetadata(...).\n"
        "  4:1     error: there is no hook 'service_pre_registr', and the plugin does not start."
        " [unknown-hook]\n"
        "          Did you mean 'service_pre_register'? `marty hooks list` shows every hook; one"
        " that another plugin brings is marked optionalhook=True.\n"
    )
    assert said.stderr == "1 error and 2 warnings in 2 files; 1 of 2 plugins would start.\n"


@pytest.mark.usefixtures("plugins")
def test_colours_are_for_terminals(marty: Marty, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = marty("plugins", "check", "plugins", "--static").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = marty("plugins", "check", "plugins", "--static").stdout

    assert "\x1b[" not in plain
    assert "\x1b[31merror:\x1b[0m" in coloured
    assert "\x1b[33mwarning:\x1b[0m" in coloured


@pytest.mark.usefixtures("plugins")
def test_the_keys_of_the_data_stay_as_they_are(marty: Marty) -> None:
    data = json.loads(marty("plugins", "check", "plugins", "--json").stdout)

    assert data.keys() == {"ok", "errors", "warnings", "files", "findings", "plugins"}
    assert (data["ok"], data["errors"], data["warnings"], data["files"]) == (False, 1, 2, 2)
    assert data["findings"][2] == {
        "rule": "unknown-hook",
        "severity": "error",
        "path": "plugins/tagger.py",
        "message": "there is no hook 'service_pre_registr', and the plugin does not start",
        "hint": "Did you mean 'service_pre_register'? `marty hooks list` shows every hook; one that"
        " another plugin brings is marked optionalhook=True.",
        "line": 4,
        "column": 1,
        "plugin": None,
    }
    (tagger,) = data["plugins"]
    assert (tagger["name"], tagger["state"]) == ("tagger", "error")


def test_warnings_are_no_reason_to_fail_unless_they_are_to_be(marty: Marty, write: Write) -> None:
    write("guard.py", GUARD)

    said = marty("plugins", "check", "guard.py", "--static")
    strict = marty("plugins", "check", "guard.py", "--static", "--strict")
    as_data = marty("plugins", "check", "guard.py", "--static", "--strict", "--json")

    assert (said.exit_code, strict.exit_code, as_data.exit_code) == (0, 1, 1)
    assert said.stderr == strict.stderr == "0 errors and 1 warning in 1 file.\n"
    assert json.loads(as_data.stdout)["ok"] is False


def test_nothing_is_wrong(marty: Marty, write: Write) -> None:
    write("guard.py", GUARD.replace("call_next):", "call_next):  # marty: ignore[no-websocket]"))

    said = marty("plugins", "check", "guard.py", "--strict")

    assert (said.exit_code, said.stdout) == (0, "")
    assert said.stderr == "Nothing is wrong in 1 file; 1 of 1 plugin would start.\n"


def test_quiet_is_quiet(marty: Marty, write: Write) -> None:
    write("guard.py", GUARD)

    said = marty("plugins", "check", "guard.py", "--static", "-q")

    assert said.stdout.startswith("guard.py\n")
    assert said.stderr == ""
