"""The console of a process that `marty` runs keeps quiet while its lines are written as JSON."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from marty_chassis.cli.logs import set_up
from marty_chassis.cli.session import Session
from marty_chassis.plugins.console import CONSOLE, Console

from .conftest import Host, Read, speak_again, the


@pytest.fixture
def console(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Console]:
    """As `marty run` sets it up, on a stderr that is one file from beginning to end."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with open(2, "w", closefd=False) as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        set_up("INFO", Session())
        found = CONSOLE.get()
        assert found is not None
        yield found
        CONSOLE.set(None)
        speak_again()
    root.handlers[:] = handlers
    root.setLevel(level)


def said(capfd: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    """Lines for people, and messages in JSON."""
    out, err = capfd.readouterr()
    lines = [*out.splitlines(), *err.splitlines()]
    return (
        [line for line in lines if not line.startswith("{")],
        [json.loads(line)["message"] for line in lines if line.startswith("{")],
    )


async def test_a_line_is_json_or_on_the_console_and_never_both(
    console: Console, logged: Host, capfd: pytest.CaptureFixture[str]
) -> None:
    logger.info("before")
    async with logged(destination="stderr") as host:
        logger.info("while it runs")
        await host.reload()
        logger.info("after a reload")
        await host.chassis.plugin_manager.disable("structured-logging")
        logger.info("when it has stopped")
        await host.chassis.plugin_manager.enable("structured-logging")
        logger.info("when it runs again")

    logger.info("in the end")

    text, lines = said(capfd)
    for message in ("while it runs", "after a reload", "when it runs again"):
        assert lines.count(message) == 1
        assert message not in "\n".join(text)
    for message in ("before", "when it has stopped", "in the end"):
        assert sum(message in line for line in text) == 1
        assert message not in lines


async def test_it_speaks_where_the_lines_go_elsewhere(
    console: Console, logged: Host, capfd: pytest.CaptureFixture[str]
) -> None:
    for destination in ("log.json", "stdout"):
        async with logged(destination=destination):
            logger.info("in both")
            assert console.speaks


async def test_it_keeps_quiet_where_both_streams_are_one(
    console: Console, logged: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "all.log").open("w") as both:
        copy = os.fdopen(os.dup(both.fileno()), "w")
        monkeypatch.setattr(sys, "stdout", copy)
        monkeypatch.setattr(console, "_stream", both)
        async with logged(destination="stdout"):
            assert not console.speaks
        assert console.speaks
        copy.close()


async def test_a_plugin_that_does_not_start_leaves_it_its_voice(
    console: Console, logged: Host
) -> None:
    async with logged(destination="stderr", audit={"destination": "/dev/null/x"}, starts=False):
        assert console.speaks


async def test_sinks_of_others_stay(logged: Host) -> None:
    lines: list[Any] = []
    sink = logger.add(lines.append, format="{message}")
    async with logged():
        logger.info("for everybody")
    logger.remove(sink)

    assert "for everybody\n" in [str(line) for line in lines]


async def test_somebody_who_removes_all_sinks_breaks_nothing_but_the_log(
    logged: Host, read: Read
) -> None:
    async with logged(clean=False) as host:
        logger.remove()
        logger.info("lost")
        await host.chassis.plugin_manager.disable("structured-logging")
        await host.chassis.plugin_manager.enable("structured-logging")
        logger.info("written")
    speak_again()

    assert the(read(), "written")
