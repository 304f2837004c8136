"""What is said through Python's `logging`, and by whom it is handed on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from typing import Any

import pytest
from loguru import logger

from marty_chassis.web.records import ToLoguru, handed_on

from .conftest import Host, Read

theirs = logging.getLogger("theirs")


@contextmanager
def bare() -> Iterator[logging.Logger]:
    """The root as Python makes it: while a test runs, pytest has handlers there."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    root.setLevel("WARNING")
    try:
        yield root
        assert not any(isinstance(one, ToLoguru) for one in root.handlers)
        assert root.level == logging.WARNING
    finally:
        root.handlers = handlers
        root.setLevel(level)


def said(read: Read) -> list[tuple[str, str, str]]:
    return [
        (line["level"], line["logger"], line["message"])
        for line in read()
        if line["logger"] in ("theirs", "uvicorn.access", "uvicorn.error")
    ]


async def test_records_are_lines_with_the_name_of_their_logger(logged: Host, read: Read) -> None:
    with bare():
        async with logged():
            theirs.info("one %s", "{braces}")
            theirs.debug("too quiet")
            theirs.log(25, "between")

    assert said(read) == [("INFO", "theirs", "one {braces}"), ("Level 25", "theirs", "between")]


async def test_from_which_level_on_is_the_operators_word(logged: Host, read: Read) -> None:
    with bare():
        async with logged(standard_library="DEBUG", level="TRACE") as host:
            theirs.debug("one")
            await host.reload(standard_library="WARNING")
            theirs.info("two")
            await host.reload(standard_library="TRACE")
            theirs.debug("three")
            await host.reload(standard_library=None)
            theirs.error("four")

    assert [message for _, _, message in said(read)] == ["one", "three"]


class InterceptHandler(logging.Handler):
    """As the documentation of loguru teaches."""

    def emit(self, record: logging.LogRecord) -> None:
        def patch(found: Any) -> None:
            found["name"] = record.name

        logger.patch(patch).log(record.levelname, record.getMessage())


@pytest.mark.parametrize("handler", [ToLoguru(), InterceptHandler()], ids=["ours", "theirs"])
async def test_what_somebody_hands_on_already_is_no_second_line(
    logged: Host, read: Read, handler: logging.Handler
) -> None:
    with bare() as root:
        root.addHandler(handler)
        async with logged(standard_library="DEBUG"):
            theirs.warning("once")
            theirs.info("their level stands")
        root.removeHandler(handler)

    assert said(read) == [("WARNING", "theirs", "once")]


async def test_levels_stay_where_handlers_of_others_are(logged: Host, read: Read) -> None:
    other = logging.NullHandler()
    with bare() as root:
        root.addHandler(other)
        async with logged():
            theirs.info("as quiet as it was meant to be")
            theirs.warning("loud")
        assert root.handlers == [other]

    assert said(read) == [("WARNING", "theirs", "loud")]


async def test_lines_of_uvicorn_are_there_as_it_sets_itself_up_and_as_we_do(
    logged: Host, read: Read
) -> None:
    uvicorn = pytest.importorskip("uvicorn")
    names = ("uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi")
    before = [(one, one.handlers[:], one.level, one.propagate) for one in map(getLogger, names)]
    uvicorn.Config("nothing:app")  # by itself
    try:
        async with logged():
            getLogger("uvicorn.access").info('%s "%s %s"', "client", "GET", "/")
            getLogger("uvicorn.error").info("started")
        own = [type(handler) for handler in getLogger("uvicorn.access").handlers]
        assert own == [logging.StreamHandler]
    finally:
        for one, handlers, level, propagate in before:
            one.handlers[:], one.propagate = handlers, propagate
            one.setLevel(level)
    with handed_on("uvicorn"):
        async with logged():
            getLogger("uvicorn.access").info("once")

    assert said(read) == [
        ("INFO", "uvicorn.access", 'client "GET /"'),
        ("INFO", "uvicorn.error", "started"),
        ("INFO", "uvicorn.access", "once"),
    ]
