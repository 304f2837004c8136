"""What `marty` says when it cannot do what was asked: one message, no traceback, a code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from marty_chassis.cli.session import Code, Session
from marty_chassis.cli.talk import fail, say, warn

from .conftest import Marty, Process, Write


def test_a_configuration_that_is_missing(marty: Marty) -> None:
    said = marty("plugins", "list", "-c", "nowhere.yaml")

    assert said.exit_code == 1
    assert said.stderr == (
        "error: the configuration cannot be used, 1 problem:\n"
        "  nowhere.yaml: there is no such file. Write one with `marty config create nowhere.yaml`,"
        " or name another file.\n"
    )


def test_yaml_that_is_none(marty: Marty, write: Write) -> None:
    write("config.yaml", "service:\n  port: [1\nplugins: }\n")

    said = marty("plugins", "list")

    assert said.exit_code == 1
    assert said.stderr == (
        "error: the configuration cannot be used, 1 problem:\n"
        "  config.yaml:3:8: expected ',' or ']', but got ':'. Mend the YAML there; quote a value"
        " that holds special characters.\n"
    )


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        ("app", "write MODULE:NAME, for instance app:app."),
        ("app.py", "write MODULE:NAME, for instance app:app."),
        ("src/app.py:application", "write MODULE:NAME, for instance src.app:application."),
        (":app", "write MODULE:NAME, for instance module:app."),
        ("app:", "write MODULE:NAME, for instance app:app."),
    ],
)
def test_an_application_that_is_not_named_as_one(marty: Marty, target: str, advice: str) -> None:
    said = marty("run", target)

    assert said.exit_code == 2
    assert said.stderr.endswith(f"Error: Invalid value for '[APP]': {advice}\n")


def test_no_worker_at_all(marty: Marty) -> None:
    said = marty("run", "app:app", "--workers", "0")

    assert said.exit_code == 2
    assert "0 is not in the range x>=1" in said.stderr


@pytest.mark.parametrize("command", ["run", "dev"])
def test_nothing_to_run(marty: Marty, command: str) -> None:
    said = marty(command)

    assert said.exit_code == 2
    assert "There is nothing to run: no APP was given" in said.stderr


def test_a_demo_where_something_is(marty: Marty, write: Write) -> None:
    mine = write("project/mine.txt", "do not touch")

    said = marty("demo", "project")

    assert said.exit_code == 2
    assert "project is not empty, and nothing is overwritten." in said.stderr
    assert [one.name for one in mine.parent.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("file", "target", "message"),
    [
        (
            "",
            "ap:app",
            "the application 'ap:app' cannot be served: there is no module 'ap'. Did you mean"
            " 'app'? Modules are looked for in {here} and among what is installed.",
        ),
        (
            "application = 5",
            "app:aplication",
            "the application 'app:aplication' cannot be served: it has no 'aplication'. Did you"
            " mean 'application'? Name what is in {here}/app.py.",
        ),
        (
            "app = 5",
            "app:app",
            "the application 'app:app' cannot be served: it is of type int, which cannot be called."
            " Name an ASGI application, or a function without arguments that makes one.",
        ),
        (
            "import nothing_like_it",
            "app:app",
            "the application 'app:app' cannot be served: {here}/app.py:1: ModuleNotFoundError: No"
            " module named 'nothing_like_it'. Use --verbose for the traceback.",
        ),
        (
            "def app(:",
            "app:app",
            "the application 'app:app' cannot be served: app.py:1: SyntaxError: invalid syntax."
            " Use --verbose for the traceback.",
        ),
        (
            "async def make(): raise ValueError('no database')",
            "app:make",
            "the application 'app:make' cannot be served: {here}/app.py:1: ValueError: no database."
            " Use --verbose for the traceback.",
        ),
    ],
)
def test_an_application_that_cannot_be_imported(
    start: Callable[..., Process], write: Write, here: Path, file: str, target: str, message: str
) -> None:
    write("app.py", file)

    process = start("run", target, "--port", 0)

    assert process.wait() == 3
    assert process.err == f"error: {message.format(here=here)}\n"


def test_the_traceback_is_there_for_those_who_ask(
    start: Callable[..., Process], write: Write
) -> None:
    write("app.py", "1 / 0")

    process = start("run", "app:app", "--port", 0, "-v")

    assert process.wait() == 3
    assert process.err.startswith("Traceback (most recent call last):\n")
    assert "\n    1 / 0\n" in process.err
    assert "ZeroDivisionError: division by zero" in process.err.splitlines()[-1]


def test_what_the_words_say_already_needs_no_traceback(
    start: Callable[..., Process], write: Write
) -> None:
    write("config.yaml", "service: {prot: 1}")

    process = start("dev")

    assert process.wait() == 3
    assert process.err == (
        "error: the configuration cannot be used, 1 problem:\n"
        "  config.yaml:1:17 service.prot: an unknown key. Did you mean 'port'?\n"
    )


def test_a_service_that_does_not_start_says_why(
    start: Callable[..., Process], write: Write
) -> None:
    write(
        "app.py",
        """
        from contextlib import asynccontextmanager
        from starlette.applications import Starlette

        @asynccontextmanager
        async def lifespan(app):
            raise OSError("no database")
            yield

        app = Starlette(lifespan=lifespan)
        """,
    )

    process = start("run", "app:app", "--port", 0)

    assert process.wait() == Code.NOT_STARTED
    assert "OSError: no database" in process.err
    assert process.err.endswith(
        "error: the application did not start; what was logged just before this says why.\n"
    )


def test_colours_are_for_those_who_want_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    warn("look")
    monkeypatch.setenv("NO_COLOR", "1")
    warn("look")

    coloured, plain = capsys.readouterr().err.splitlines()

    assert coloured == "\x1b[33m\x1b[1mwarning:\x1b[0m look"
    assert plain == "warning: look"


def test_quiet_leaves_errors_alone(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(quiet=True)

    say("hello", session)
    warn("look", session)
    fail(ValueError("it broke"), session)

    assert capsys.readouterr().err == "error: it broke\n"
