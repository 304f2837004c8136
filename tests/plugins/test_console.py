"""`context.console`: what `marty` says may keep quiet beside a plugin that writes the same."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.plugins.console import CONSOLE, Console
from marty_chassis.testing import PluginHost


@plugin(name="writes-itself")
class WritesItself(IPlugin):
    async def start(self) -> None:
        if (console := self.context.console) is not None:
            self.context.resources.callback(console.silence())


@pytest.fixture
def console() -> Iterator[Console]:
    found = Console(io.StringIO())
    token = CONSOLE.set(found)
    yield found
    CONSOLE.reset(token)


async def test_it_keeps_quiet_while_the_plugin_runs_and_speaks_again_when_it_has_stopped(
    console: Console,
) -> None:
    async with PluginHost(WritesItself) as host:
        assert not console.speaks
        await host.reload(drained=True)
        assert not console.speaks

    assert console.speaks


@pytest.fixture
def process_of_somebody_else() -> Iterator[None]:
    token = CONSOLE.set(None)  # whatever `marty` was run in this process before
    yield
    CONSOLE.reset(token)


@pytest.mark.usefixtures("process_of_somebody_else")
async def test_there_is_none_in_a_process_that_somebody_else_runs() -> None:
    async with PluginHost(WritesItself) as host:
        assert host.context.console is None


def test_it_speaks_when_the_last_one_who_wanted_quiet_lets_it() -> None:
    console = Console(io.StringIO())

    one, other = console.silence(), console.silence()
    one()
    one()
    assert not console.speaks
    other()

    assert console.speaks
    assert repr(console) == "<Console that speaks>"


def test_two_streams_are_one_where_the_same_file_is_underneath(tmp_path: Path) -> None:
    with (
        (tmp_path / "a").open("w") as a,
        (tmp_path / "b").open("w") as b,
        os.fdopen(os.dup(a.fileno()), "w") as copy,
    ):
        assert Console(a).writes_to(a)
        assert Console(a).writes_to(copy)
        assert not Console(a).writes_to(b)
        assert not Console(a).writes_to(io.StringIO())
    assert not Console(a).writes_to(b), "both are closed"
