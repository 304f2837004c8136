"""Watching starts and ends with the service, and its own failures cost nothing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest

from marty_chassis import Chassis
from marty_chassis.errors import MissingExtra
from marty_chassis.plugins.watching import events, survey, watching

from .house import House, source

Listen = Callable[..., Any]


async def test_it_ends_promptly_and_leaves_nothing_running(house: House) -> None:
    async with house:
        began = time.monotonic()
        await house.chassis.__aexit__(None, None, None)
        took = time.monotonic() - began
        threads = [one.name for one in threading.enumerate() if "watchfiles" in one.name]
        house.plugin("late")
        await anyio.sleep(0.3)

        assert took < 1
        assert threads == []
        assert house.names() == []
        await house.chassis.__aenter__()
        await house.says("late", 1)


async def test_it_ends_while_a_plugin_takes_its_time(house: House) -> None:
    house.plugin("x")
    slow = "    async def start(self):\n        import anyio\n        await anyio.sleep(20)\n"

    async with house:
        house.write("plugins/x.py", source("x", 2) + slow)
        await house.until(lambda: bool(house.chassis.plugin_manager.supervisor._units["x"].change))
        began = time.monotonic()
        await house.chassis.__aexit__(None, None, None)
        took = time.monotonic() - began
        await house.chassis.__aenter__()

    assert took < 3


async def test_without_the_setting_nothing_is_watched(house: House) -> None:
    house.configure({"reload": {}})
    file = house.plugin("x")

    async with Chassis(house.root / "config.yaml") as chassis:
        file.write_text(source("x", 2))
        await anyio.sleep(0.3)

        assert chassis.plugin_manager.supervisor.status_of("x").generation == 1


async def test_without_watchfiles_the_service_says_which_extra_and_does_not_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.configure()
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    chassis = Chassis(house.root / "config.yaml")

    with pytest.raises(MissingExtra) as caught:
        await chassis.__aenter__()

    assert str(caught.value) == (
        "watching files (plugins.reload.watch) needs watchfiles, which is not installed. Install"
        " it with the extra 'watch': pip install \"marty-chassis[watch]\""
    )


async def test_polling_finds_the_same(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "true")
    monkeypatch.setenv("WATCHFILES_POLL_DELAY_MS", "30")
    house.plugin("x")

    async with house:
        for word in ("two", "three", "four"):
            house.plugin("x", word)
            await house.says("x", word)


async def test_a_watcher_that_fails_is_begun_again_after_growing_pauses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.plugin("x")
    times: list[float] = []

    async def failing(folders: Sequence[str], *more: Any) -> None:
        if len(times) < 6:
            times.append(time.monotonic())
            raise OSError(28, "OS file watch limit reached")
        await events.listen(folders, *more)

    monkeypatch.setattr(watching, "listen", failing)
    monkeypatch.setattr(watching, "PAUSE", 0.05)
    monkeypatch.setattr(watching, "LONGEST", 0.1)

    async with house:
        await house.until(lambda: len(times) == 6)
        house.plugin("x", 2)
        await house.says("x", 2)

    failed = [line for line in house.lines if "watching files failed" in line]
    assert "OSError: [Errno 28] OS file watch limit reached" in failed[0]
    assert "WATCHFILES_FORCE_POLLING=true" in failed[0]
    pauses = [line.rpartition(" in ")[2].strip() for line in failed]
    assert pauses[:2] == ["0.05 s", "0.1 s"]
    assert set(pauses[1:]) == {"0.1 s"}


async def test_the_loop_goes_on_while_files_are_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.plugin("x")
    threads: set[str] = set()

    def noted(*args: Any) -> Any:
        threads.add(threading.current_thread().name)
        return survey.survey(*args)

    monkeypatch.setattr(watching, "survey", noted)

    async with house:
        house.plugin("x", 2)
        await house.says("x", 2)

    assert threading.main_thread().name not in threads


async def test_somebody_elses_move_is_waited_for(house: House) -> None:
    house.plugin("x")
    slow = "    async def start(self):\n        import anyio\n        await anyio.sleep(0.4)\n"

    async with house:
        house.write("plugins/x.py", source("x", 2) + slow)
        async with anyio.create_task_group() as group:
            group.start_soon(house.chassis.plugin_manager.supervisor.reload, "x")
            await anyio.sleep(0.05)
            house.plugin("x", 3)
            await house.says("x", 3)
