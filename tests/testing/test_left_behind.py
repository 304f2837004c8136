"""What a plugin leaves behind around its context is named, with the line that did it."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress
from textwrap import dedent

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.testing import LeftBehind, assert_clean

from .leaving import BAD, CLEAN, HERE, Bad

pytestmark = pytest.mark.usefixtures("as_it_was")


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_it_is_named_with_its_line(plugin_host, plugin_folder, bad: Bad) -> None:
    path = plugin_folder(bad.text, name="bad")

    with pytest.raises(LeftBehind) as raised:
        async with plugin_host(path):
            pass

    assert len(raised.value.left) == 1, raised.value
    (line,) = raised.value.left
    assert bad.said.format(path=path, line=bad.line) in line
    assert line.startswith("bad: ")
    assert bad.instead in line
    assert "secret" not in line


async def test_a_task_is_named_with_the_line_where_it_waits(
    plugin_host, plugin_folder, anyio_backend
) -> None:
    start = {
        "asyncio": "asyncio.create_task(self.poll(), name='poller')",
        "trio": "trio.lowlevel.spawn_system_task(self.poll, name='poller')",
    }[anyio_backend]
    path = plugin_folder(
        f"""
        import asyncio
        import anyio, census_witness, trio
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="bad")
        class Bad(IPlugin):
            async def start(self):
                self.task = {start}
                census_witness.gate = anyio.Event()

            async def poll(self):
                with anyio.move_on_after(60):
                    await census_witness.gate.wait()  # <- here
        """,
        name="bad",
    )
    line = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if HERE in line)

    with pytest.raises(LeftBehind) as raised:
        async with plugin_host(path):
            await anyio.lowlevel.checkpoint()

    sys.modules["census_witness"].gate.set()
    said = str(raised.value)
    assert f"bad: task 'poller' is still running: {path}:{line} poll()" in said
    assert "context.tasks.start" in said


async def test_a_module_beside_the_plugin_that_was_imported_by_its_bare_name(
    plugin_host, plugin_folder, monkeypatch
) -> None:
    folder = plugin_folder("WORD = 'help'", name="_census_helper").parent
    monkeypatch.syspath_prepend(str(folder))
    path = plugin_folder(
        """
        import _census_helper
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="bad")
        class Bad(IPlugin): ...
        """,
        name="bad",
    )

    with pytest.raises(LeftBehind) as raised:
        async with plugin_host(path):
            pass

    del sys.modules["_census_helper"]
    assert (
        f"bad: the module '_census_helper' in sys.modules is still there: {path}:2. Import what"
        " lies beside the plugin relatively" in str(raised.value)
    )


class Noisy(logging.Handler):
    """Of the plugin below: it refers to it."""

    def emit(self, record: logging.LogRecord) -> None: ...


def poll() -> None:
    sys.modules["census_witness"].release.wait()


def not_the_plugins() -> None:
    sys.modules["census_witness"].release.wait()


@plugin(name="in-a-test")
class InATest(IPlugin):
    async def start(self) -> None:
        logging.getLogger("audit").addHandler(Noisy())
        threading.Thread(target=poll, name="poller", daemon=True).start()


async def test_of_a_class_in_a_test_the_rest_of_the_file_is_somebody_elses(plugin_host) -> None:
    with pytest.raises(LeftBehind) as raised:  # noqa: PT012 - leaving raises
        async with plugin_host(InATest):
            threading.Thread(target=not_the_plugins, daemon=True).start()
            os.environ["CENSUS_TOKEN"] = "secret"
            logging.getLogger("audit").addFilter(lambda record: True)

    first, second = sorted(raised.value.left)
    assert "test_left_behind.py" in first
    assert first.partition(": /")[0].startswith("in-a-test: the Noisy of logger 'audit'")
    assert second.startswith("in-a-test: thread 'poller' is still running")


async def test_a_task_of_its_context_that_will_not_leave_is_named(plugin_host) -> None:
    class Stubborn(IPlugin):
        async def start(self) -> None:
            self.gate = anyio.Event()
            self.context.tasks.start(self.stay, name="stubborn")

        async def stay(self) -> None:
            while not self.gate.is_set():
                with suppress(anyio.get_cancelled_exc_class()), anyio.CancelScope(shield=True):
                    await self.gate.wait()

    settings = {"lifecycle": {"stop_timeout": 0.05}}
    async with plugin_host(Stubborn, settings=settings, clean=False) as host:
        gate = host.plugin.gate

    with pytest.raises(LeftBehind) as raised:
        assert_clean(host)
    gate.set()

    entry, task = raised.value.left
    assert "could not undo 'task stubborn #1'" in entry
    assert "stubborn was told to leave and has not" in task


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # trio makes no tasks of coroutines
@pytest.mark.parametrize(
    "makes",
    ["create_task(asyncio.sleep(60))", "gather(asyncio.sleep(60))", "shield(asyncio.sleep(60))"],
)
async def test_a_task_that_runs_a_library_is_the_lines_that_makes_it(
    plugin_host, plugin_folder, makes
) -> None:
    path = plugin_folder(
        f"""
        import asyncio
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="bad")
        class Bad(IPlugin):
            async def start(self):
                self.other = self.context.tasks.start(asyncio.sleep, 60)
                self.task = asyncio.{makes}  # <- here
        """,
        name="bad",
    )
    line = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if HERE in line)

    async with plugin_host(path, clean=False) as host:
        task = host.plugin.task
    with pytest.raises(LeftBehind) as raised:
        assert_clean(host)
    task.cancel()

    (said,) = raised.value.left
    assert f"is still running: {path}:{line} start(). Start it with context.tasks.start" in said


async def test_looking_can_be_put_off(plugin_host, plugin_folder) -> None:
    path = plugin_folder(BAD["environment"].text)

    async with plugin_host(path, clean=False) as host:
        pass

    with pytest.raises(LeftBehind, match="CENSUS_TOKEN"):
        assert_clean(host)


async def test_what_was_left_by_a_generation_that_was_replaced_is_named_too(
    plugin_host, plugin_folder
) -> None:
    bad = BAD["replaced function"]
    path = plugin_folder(bad.text, name="bad")

    with pytest.raises(LeftBehind) as raised:  # noqa: PT012 - leaving raises
        async with plugin_host(path) as host:
            plugin_folder("# mended\n\n" + dedent(CLEAN), name="bad")
            await host.reload(drained=True)

    assert bad.said.format(path=path, line=bad.line) in str(raised.value)
