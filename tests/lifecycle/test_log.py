"""What the log says of plugins that do not start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from loguru import logger

from marty_chassis.lifecycle import State

from .house import house, named, running, states


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Each warning of a plugin: its name, and what is said."""
    lines: list[str] = []
    sink = logger.add(lines.append, format="{extra} {message}", level="WARNING")
    yield lines
    logger.remove(sink)


async def fail(self: Any) -> None:
    raise ValueError("no key")


async def test_one_that_waits_for_another_is_named_once(logged: list[str]) -> None:
    manager = house()
    await manager.load(named("shop", needs=("prices",)))

    await running(manager)
    await manager.load(named("other"))

    assert logged == [
        "{'plugin': 'shop'} blocked: needs 'prices', which no plugin here is or provides."
        " Install or enable it, or remove the dependency.\n"
    ]
    await manager.stop()


async def test_plugins_that_wait_for_each_other_are_named(logged: list[str]) -> None:
    manager = house()
    await manager.load(named("one", needs=("two",)))
    await manager.load(named("two", needs=("one",)))

    await running(manager)

    assert [line.partition(":")[2][:15] for line in logged] == [
        " 'one'} blocked",
        " 'two'} blocked",
    ]
    await manager.stop()


async def test_one_that_cannot_be_used_as_it_was_read_is_named(logged: list[str]) -> None:
    manager = house()

    await manager.load(named("shop", needs=("???",)))

    (line,) = logged
    assert line.startswith("{'plugin': 'shop'} error: ")
    assert "dependencies names '???'. Write a name" in line


async def test_it_is_said_why_requests_will_be_refused(logged: list[str]) -> None:
    manager = house({"auth": {"key": "k"}})
    await manager.load(named("auth", required=True, start=fail))

    await manager.start()

    assert any("answered with 503 until these have started: auth." in line for line in logged)
    await manager.stop()


async def test_nobody_waits_for_ever_because_the_log_cannot_be_written() -> None:
    def full(line: str) -> None:
        raise OSError("No space left on device")

    manager = house()
    await manager.load(named("shop", start=fail))
    await manager.load(named("prices"))
    sink = logger.add(full, level="INFO", catch=False)
    try:
        with anyio.fail_after(10):
            await manager.start()
        assert states(manager)["prices"] is State.STARTED
    finally:
        logger.remove(sink)
    await manager.stop()
