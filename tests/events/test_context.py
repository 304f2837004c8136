"""Whose context variables a handler sees, and that no task is left when all is quiet."""

from __future__ import annotations

from contextvars import ContextVar, copy_context
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread

from marty_chassis.events import Event
from marty_chassis.events.delivery import begun

from .house import House

request_id: ContextVar[str] = ContextVar("request_id", default="none")


async def test_a_handler_sees_its_publishers_context_also_after_it_has_waited(
    house: House,
) -> None:
    seen: list[tuple[str, str]] = []

    async def handler(event_data: Any) -> None:
        before = request_id.get()
        await anyio.lowlevel.checkpoint()
        seen.append((before, request_id.get()))

    house.plugin("audit").events.subscribe("a", handler)

    async def request(name: str) -> None:
        request_id.set(name)
        await house.bus.publish("a", source="x")

    async with anyio.create_task_group() as requests:
        for name in ("one", "two"):
            requests.start_soon(request, name)
    await house.settle()

    assert sorted(seen) == [("one", "one"), ("two", "two")]
    assert request_id.get() == "none"


async def test_what_a_handler_sets_is_seen_by_nobody_else(house: House) -> None:
    seen: list[str] = []

    async def handler(event_data: Any) -> None:
        seen.append(request_id.get())
        token = request_id.set("handler's")
        await anyio.lowlevel.checkpoint()
        request_id.reset(token)
        request_id.set("left behind")

    plugin = house.plugin("audit")
    plugin.events.subscribe("a", handler)
    plugin.events.subscribe("a", handler)

    await house.bus.publish("a", source="x")
    await house.bus.publish("a", source="x", wait=True)

    assert seen == ["none"] * 4
    assert request_id.get() == "none"


async def test_a_handler_may_use_cancel_scopes_and_threads(house: House) -> None:
    notes: list[Any] = []

    async def handler(event_data: Any) -> None:
        request_id.set("inside")
        with anyio.move_on_after(0.001):
            await anyio.sleep_forever()
        notes.append(await anyio.to_thread.run_sync(request_id.get))
        async with anyio.create_task_group() as inner:
            inner.start_soon(anyio.lowlevel.checkpoint)
        try:
            with anyio.fail_after(0.001):
                await anyio.sleep_forever()
        except TimeoutError:
            notes.append("late")

    house.plugin("audit").events.subscribe("a", handler)

    await house.bus.publish("a", source="x", wait=True)

    assert notes == ["inside", "late"]
    assert house.manager.faults.count("audit") == 0


def test_a_handler_that_is_abandoned_while_it_waits_is_closed_in_its_context() -> None:
    seen: list[str] = []

    class Waiting:
        def __await__(self) -> Any:
            yield "something that never happens"

    async def handler(event: Event) -> None:
        request_id.set("inside")
        try:
            await Waiting()
        finally:
            seen.append(request_id.get())

    rest: Any = begun(copy_context(), handler, Event(type="a", source="x"))
    assert rest.send(None) == "something that never happens"
    rest.close()

    assert seen == ["inside"]


async def test_at_rest_there_are_no_tasks(house: House) -> None:
    plugin = house.plugin("audit")
    plugin.noting("a")
    before = len(anyio.get_running_tasks())

    await house.bus.publish("a", 1, source="x", wait=True)
    await house.settle()

    assert len(anyio.get_running_tasks()) == before
    assert not plugin.events.subscriptions[0].mailbox.busy
