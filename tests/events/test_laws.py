"""What holds whatever is published: nothing lost, nothing doubled, everybody's order kept."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from marty_chassis.events import Pattern

from .house import House

TYPES = ["user.login", "user.logout", "order.new", "order.new.gift", "started"]
PATTERNS = ["user.*", "*", "order.**", "user.login", "started", "*.new"]

subscribers = st.lists(
    st.tuples(st.sampled_from(PATTERNS), st.integers(0, 2), st.integers(1, 4)),
    min_size=1,
    max_size=4,
)
publishers = st.lists(
    st.lists(st.tuples(st.sampled_from(TYPES), st.integers(0, 1)), max_size=8),
    min_size=1,
    max_size=3,
)


@given(subscribers=subscribers, publishers=publishers)
@settings(max_examples=40, deadline=None)
def test_each_subscriber_handles_each_publishers_events_once_and_in_order(
    anyio_backend: str,
    subscribers: list[tuple[str, int, int]],
    publishers: list[list[tuple[str, int]]],
) -> None:
    seen: list[list[Any]] = [[] for _ in subscribers]

    async def run() -> None:
        house = House(publish_timeout=5)
        plugin = house.plugin("audit")

        def handler(number: int, pauses: int) -> Any:
            async def handle(event_data: Any) -> None:
                for _ in range(pauses):
                    await anyio.lowlevel.checkpoint()
                seen[number].append(event_data)

            return handle

        for number, (pattern, pauses, size) in enumerate(subscribers):
            plugin.events.subscribe(pattern, handler(number, pauses), mailbox=size)

        async def publish(who: int) -> None:
            for number, (type, pauses) in enumerate(publishers[who]):
                await house.bus.publish(type, (who, number, type), source="x")
                for _ in range(pauses):
                    await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            for who in range(len(publishers)):
                group.start_soon(publish, who)
        assert await house.bus.drain(5)
        assert house.manager.current.lease.count == 0

    anyio.run(run, backend=anyio_backend)

    for (pattern, _, _), handled in zip(subscribers, seen, strict=True):
        for who, events in enumerate(publishers):
            assert [data for data in handled if data[0] == who] == [
                (who, number, type)
                for number, (type, _) in enumerate(events)
                if Pattern(pattern).matches(type)
            ]
