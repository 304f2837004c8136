"""Which lines are written: by level, by plugin, by logger, and changed while the service runs."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest
from loguru import logger

from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.web.records import ToLoguru

from .conftest import Host, Read


@plugin(name="audit")
class Audit(IPlugin):
    def say(self) -> None:
        self.logger.debug("quietly")
        self.logger.info("aloud")


def said(read: Read, plugin: str = "audit") -> list[str]:
    found = [line["message"] for line in read() if line.get("plugin") == plugin]
    return [message for message in found if message in ("quietly", "aloud")]


@pytest.mark.parametrize(
    ("section", "settings", "expected"),
    [
        ({}, {}, ["aloud"]),
        ({"level": "DEBUG"}, {}, ["quietly", "aloud"]),
        ({"level": "ERROR"}, {}, []),
        ({"levels": {"audit": "DEBUG"}}, {}, ["quietly", "aloud"]),
        ({"levels": {"Audit": "ERROR"}}, {}, []),
        ({}, {"audit": {"log_level": "DEBUG"}}, ["quietly", "aloud"]),
        ({"levels": {"audit": "ERROR"}}, {"audit": {"log_level": "DEBUG"}}, []),
        ({"levels": {"audit": "DEBUG"}}, {"audit": {"log_level": "INFO"}}, ["aloud"]),
    ],
)
async def test_a_plugin_is_heard_from_its_own_level_on(
    logged: Host, read: Read, section: Any, settings: Any, expected: list[str]
) -> None:
    settings = {"plugins": {"settings": settings}}
    async with logged(**section, settings=settings, neighbours=[Audit]) as host:
        host.chassis.plugins["audit"].say()

    assert said(read) == expected


async def test_a_level_is_changed_at_run_time(logged: Host, read: Read) -> None:
    async with logged(neighbours=[Audit]) as host:
        audit, log = host.chassis.plugins["audit"], host.chassis.plugins["structured-logging"]

        log.set_level("audit", "DEBUG")
        audit.say()
        logger.debug("somebody else's")
        log.set_level("audit", "ERROR")
        audit.say()
        log.set_level("audit", None)
        audit.say()
        with pytest.raises(ValueError, match="LOUD"):
            log.set_level("audit", "LOUD")

        assert said(read) == ["quietly", "aloud", "aloud"]
        assert "somebody else's" not in str(read())
        with anyio.fail_after(3):
            while host.plugin._outlet.outdated:
                await anyio.sleep(0.05)


async def test_a_level_of_its_own_ends_with_the_next_reload(logged: Host, read: Read) -> None:
    async with logged(neighbours=[Audit]) as host:
        host.plugin.set_level("audit", "DEBUG")
        await host.reload()
        host.chassis.plugins["audit"].say()

    assert said(read) == ["aloud"]


def called(name: str | None) -> Any:
    """A logger whose lines are from this module."""

    def patch(record: Any) -> None:
        record["name"] = name

    return logger.patch(patch)


async def test_a_logger_has_a_level_with_all_that_is_below_it(logged: Host, read: Read) -> None:
    theirs = logging.getLogger("theirs.inner")
    handler = ToLoguru()
    theirs.addHandler(handler)
    theirs.setLevel("DEBUG")
    theirs.propagate = False
    try:
        async with logged(levels={"theirs": "WARNING", "theirs.inner": "DEBUG"}, level="ERROR"):
            theirs.debug("inner")
            called("theirs.outer").info("outer")
            called("theirs").warning("theirs")
            called("theirss").warning("of others")
            called(None).error("of nobody")
    finally:
        theirs.removeHandler(handler)

    assert [line["message"] for line in read() if "audit" not in line] == [
        "inner",
        "theirs",
        "of nobody",
    ]
