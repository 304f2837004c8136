"""What was published, as a test wants to know it."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis import Chassis
from marty_chassis.plugins import IPlugin, plugin
from marty_chassis.testing import NotSeen


@plugin(name="greeter")
class Greeter(IPlugin):
    async def start(self) -> None:
        await self.context.event_bus.publish("greeter.awake")

    async def greet(self, name: str) -> None:
        await self.context.event_bus.publish("user.greeted", name)


async def test_a_host_records_everything_from_the_beginning(plugin_host) -> None:
    async with plugin_host(Greeter) as host:
        await host.plugin.greet("Ada")
        await host.publish("order.placed", 7)

        assert (await host.events.wait_for("user.*")).data == "Ada"
        await host.events.wait_for("order.placed")

    assert host.events.types == ["greeter.awake", "user.greeted", "order.placed"]
    assert [event.source for event in host.events.of("user.**")] == ["greeter"]


async def test_it_waits_for_what_comes_later_and_counts(plugin_host) -> None:
    async with plugin_host(Greeter) as host:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(host.plugin.greet, "Ada")
            tasks.start_soon(host.plugin.greet, "Grace")

            second = await host.events.wait_for("user.greeted", count=2)

        assert {event.data for event in host.events.of("user.greeted")} == {"Ada", "Grace"}
        assert second is host.events.of("user.greeted")[1]


async def test_what_never_comes_is_an_assertion_that_says_what_came(plugin_host) -> None:
    async with plugin_host(Greeter) as host:
        for name in ("Ada", "Grace"):
            await host.plugin.greet(name)
        await host.events.wait_for("user.greeted", count=2)

        with pytest.raises(NotSeen) as raised:
            await host.events.wait_for("user.left", timeout=0.01)
        with pytest.raises(AssertionError, match=r"fewer than 3 events 'user\.\*'"):
            await host.events.wait_for("user.*", count=3, timeout=0.01)

    assert str(raised.value) == (
        "no event 'user.left' within 0.01 s. Seen: greeter.awake, user.greeted (2 times)."
    )


async def test_one_of_your_own_records_a_pattern_of_any_chassis(event_recorder) -> None:
    async with Chassis(plugins=[Greeter]) as chassis:
        event_recorder.record(chassis.event_bus, "user.*")
        await chassis.plugins.get("greeter").greet("Ada")
        await chassis.event_bus.publish("order.placed", wait=True)
        await event_recorder.wait_for("user.greeted")

        event_recorder.clear()
        event_recorder.stop()
        await chassis.plugins.get("greeter").greet("Grace")

    assert event_recorder.events == []
