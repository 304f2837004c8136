"""A reload loses no line and doubles none; one that goes wrong changes nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import Event, Thread
from typing import Any

import anyio
import pytest
from loguru import logger
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from marty_chassis import Chassis
from marty_chassis.contrib.structured_logging import StructuredLogging
from marty_chassis.lifecycle import State
from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.testing import assert_reloadable

from .conftest import Host, Read, the

SECTIONS: tuple[dict[str, Any], ...] = (
    {"destination": "two.json"},
    {"level": "TRACE"},
    {"destination": "log.json", "levels": {"nobody": "DEBUG"}},
    {"level": "INFO", "levels": {}},
    {"destination": "two.json", "rotation": 50_000},
    {"rotation": None, "destination": "log.json"},
)


async def test_each_line_is_written_once_while_the_plugin_is_reloaded_under_load(
    logged: Host, read: Read, tmp_path: Path
) -> None:
    stop, said = Event(), Counter[str]()

    def talk(name: str) -> None:
        while not stop.is_set():
            said[name] += 1
            logger.bind(number=said[name]).info(name)
            logger.debug("seldom wanted")

    async with logged() as host:
        threads = [Thread(target=talk, args=(f"thread {number}",)) for number in range(3)]
        for thread in threads:
            thread.start()
        try:
            for section in SECTIONS:
                assert not (await host.reload(drained=True, **section)).rolled_back
                for _ in range(20):
                    said["the loop"] += 1
                    logger.bind(number=said["the loop"]).info("the loop")
                    assert (await host.client.get("/")).status_code == 200
                host.plugin.set_level("nobody", "TRACE")
                host.plugin.set_level("nobody", None)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert host.plugin._outlet.counts.lost == 0

    written = Counter(
        (line["message"], line["number"])
        for file in tmp_path.glob("*.json")
        for line in read(file.name)
        if "number" in line
    )
    assert sum(said.values()) > 300
    assert written == {(name, n + 1): 1 for name, count in said.items() for n in range(count)}


async def test_a_reload_that_is_taken_back_lets_the_old_one_write_on(
    logged: Host, read: Read, tmp_path: Path
) -> None:
    @plugin(name="stands-on-it", dependencies=["structured-logging"])
    class StandsOnIt(IPlugin):
        started = 0

        async def start(self) -> None:
            StandsOnIt.started += 1
            if StandsOnIt.started > 1:
                logger.info("by the new one")
                raise RuntimeError("not again")

    async with logged(neighbours=[StandsOnIt]) as host:
        assert (await host.reload(level="DEBUG", destination="two.json")).rolled_back
        logger.info("by the old one")
        logger.debug("still too quiet")

    assert the(read("two.json"), "by the new one")
    assert the(read(), "by the old one")
    assert "still too quiet" not in str(read())


async def test_nothing_of_an_old_generation_stays(tmp_path: Path) -> None:
    config = {"destination": str(tmp_path / "log.json"), "levels": {"x": "DEBUG"}}

    await assert_reloadable(StructuredLogging, config=config)


async def test_what_it_has_counted_is_not_forgotten(logged: Host) -> None:
    async with logged() as host:
        logger.info("one")
        before = host.plugin._outlet.counts.written
        await host.reload()
        logger.info("two")

        assert host.plugin._outlet.counts.written > before > 0


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("rotation: whenever", "config.yaml:5:15 plugins.structured-logging.rotation"),
        ("levels: {x: LOUD}", "config.yaml:5:17 plugins.structured-logging.levels.x"),
        ("destination: there/log.json", "config.yaml:5:18 plugins.structured-logging.destination"),
        ("lvel: INFO", "config.yaml:5:11 plugins.structured-logging.lvel"),
    ],
)
async def test_a_section_that_cannot_be_used_is_said_with_its_place_and_the_old_one_writes_on(
    tmp_path: Path, read: Read, section: str, problem: str
) -> None:
    (tmp_path / "there").write_text("a file, and no folder")
    file = tmp_path / "config.yaml"
    begin = "management: {enabled: false}\nplugins:\n  entry_points: none\n  structured-logging:\n"
    file.write_text(f"{begin}    destination: log.json")
    chassis = Chassis(file)
    async with chassis:
        file.write_text(f"{begin}    {section}")
        manager = chassis.plugin_manager
        manager.supervisor.configure(manager.config.reread())
        reloaded = await manager.reload("structured-logging")
        logger.info("afterwards")

        assert reloaded.rolled_back
        assert problem in reloaded.reason
        assert manager.supervisor.status_of("structured-logging").state is State.STARTED

    assert the(read(), "afterwards")


async def test_an_exclusive_reload_begins_anew(logged: Host, read: Read) -> None:
    settings = {"plugins": {"settings": {"structured-logging": {"reload": "exclusive"}}}}
    async with logged(settings=settings) as host:
        logger.info("before")
        assert not (await host.reload()).rolled_back
        logger.info("after")

    assert the(read(), "before")
    assert the(read(), "after")


async def test_requests_under_way_neither_hold_it_up_nor_lose_lines(
    logged: Host, read: Read
) -> None:
    arrived, release = anyio.Event(), anyio.Event()

    async def slow(request: Request) -> PlainTextResponse:
        logger.info("arrived")
        arrived.set()
        await release.wait()
        logger.info("left")
        return PlainTextResponse("")

    app = Starlette(routes=[Route("/", slow)])
    async with logged(app=app) as host, anyio.create_task_group() as group:
        group.start_soon(host.client.get, "/")
        await arrived.wait()
        await host.reload(destination="two.json")
        release.set()

    assert the(read(), "arrived")
    assert the(read("two.json"), "left")
