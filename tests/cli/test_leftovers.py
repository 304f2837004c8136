"""`marty dev` says what a plugin has left behind when it was replaced, removed, or has stopped."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import anyio
import pytest
from loguru import logger

from marty_chassis import Chassis
from marty_chassis.cli.leftovers import Leftovers

from .conftest import Process, Write
from .test_run import SERVES

HEAD = """
    import logging, os, threading
    import left_witness
    from marty_chassis.plugins import IPlugin, plugin

    @plugin(name="audit")
    class Audit(IPlugin):
"""
THREAD = """
        async def start(self):
            threading.Thread(target=self.poll, name="poller", daemon=True).start()

        def poll(self):
            left_witness.release.wait()
"""
HANDLER = """
        async def start(self):
            logging.getLogger("audit").addHandler(logging.StreamHandler())
            os.environ["LEFT_BY_AUDIT"] = "1"
"""
TIDY = """
        async def start(self):
            self.ends = threading.Event()
            threading.Thread(target=self.ends.wait, daemon=True).start()
            handler = logging.StreamHandler()
            logging.getLogger("audit").addHandler(handler)
            self.context.resources.callback(logging.getLogger("audit").removeHandler, handler)

        async def stop(self):
            self.ends.set()
"""


@pytest.fixture(autouse=True)
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module of somebody else, and everything as it was in the end."""
    made = ModuleType("left_witness")
    vars(made).update(release=threading.Event())
    monkeypatch.setitem(sys.modules, "left_witness", made)
    monkeypatch.setenv("LEFT_BY_AUDIT", "")
    monkeypatch.setattr("marty_chassis.cli.leftovers.PATIENCE", 0.05)
    yield made
    made.release.set()
    logging.getLogger("audit").handlers.clear()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is said to be left behind, with the plugin that it is said of."""
    found: list[str] = []
    number = logger.add(
        lambda text: found.append(str(text).strip()),
        format="{extra[plugin]} {message}",
        filter=lambda record: record["message"].startswith("left behind"),
    )
    yield found
    logger.remove(number)


@pytest.fixture
def written(plugin_folder: Callable[..., Path]) -> Callable[[str], Path]:
    """Write the plugin's file."""
    return lambda body: plugin_folder(HEAD + body, name="audit")


def line_of(path: Path, words: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if words in line)


async def settled(leftovers: Leftovers) -> None:
    """Wait until everything that was to be looked at has been."""
    with anyio.fail_after(3):
        while leftovers._tasks:
            await anyio.sleep(0.01)


async def test_what_each_generation_has_left_is_said_once_it_has_gone(written, lines) -> None:
    leftovers = Leftovers()
    path = written(THREAD)
    chassis = Chassis(plugins=[path])
    leftovers.watch(chassis.plugin_manager.supervisor)
    poll = line_of(path, "def poll")

    async with chassis:
        await settled(leftovers)
        assert lines == []

        for times in (1, 2):
            await chassis.plugin_manager.reload("audit", drained=True)
            await settled(leftovers)
            assert len(lines) == times

    leftovers.close()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith(
            f"audit left behind: thread 'poller' is still running: {path}:{poll} poll(). Have"
        )


async def test_of_what_shows_no_code_the_old_ones_are_told_from_the_new_ones(
    written, lines
) -> None:
    leftovers = Leftovers()
    path = written(HANDLER)
    chassis = Chassis(plugins=[path])
    leftovers.watch(chassis.plugin_manager.supervisor)
    adds = line_of(path, "addHandler")

    async with chassis:
        await chassis.plugin_manager.reload("audit", drained=True)
        await settled(leftovers)

        # The variable is set by the generation that runs, too.
        (line,) = lines
        assert f"the StreamHandler of logger 'audit' is still there: {path}:{adds} start()" in line

        written(TIDY)
        await chassis.plugin_manager.reload("audit", drained=True)
        await settled(leftovers)

        assert len(lines) == 3
        assert sum("StreamHandler" in line for line in lines) == 2
        assert sum("LEFT_BY_AUDIT was changed" in line for line in lines) == 1

    leftovers.close()
    assert len(lines) == 3


async def test_one_that_is_taken_away_and_one_that_is_clean(written, lines) -> None:
    leftovers = Leftovers()
    chassis = Chassis(plugins=[written(TIDY)])
    leftovers.watch(chassis.plugin_manager.supervisor)

    async with chassis:
        for _ in range(3):
            await chassis.plugin_manager.reload("audit", drained=True)
        await settled(leftovers)
        assert lines == []

        written(HANDLER)
        await chassis.plugin_manager.reload("audit", drained=True)
        await chassis.plugin_manager.unload("audit", force=True)
        await settled(leftovers)

        assert sorted(line.split(": ")[1].split()[0] for line in lines) == ["the", "the"]

    leftovers.close()
    assert len(lines) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("command", "said"), [("dev", True), ("run", False)])
def test_dev_says_so_and_run_does_not(
    start: Callable[..., Process], write: Write, here: Path, command: str, said: bool
) -> None:
    write("config.yaml", "plugins: {directories: [./plugins], reload: {watch: true}}")
    write("plugins/audit.py", HEAD.replace("    import left_witness\n", "") + HANDLER)
    process = start(command, "--port", 0)
    process.said(SERVES)
    process.said("watches plugins/")

    (here / "plugins/audit.py").unlink()
    if said:
        process.said(
            r"audit left behind: the StreamHandler of logger 'audit' is still there:"
            r" plugins/audit.py:\d+ start\(\)\. context\.resources\.callback\("
        )
    else:
        process.said("audit.*stopped")

    assert process.end() in (130, 0)
    assert ("left behind" in process.err) == said
