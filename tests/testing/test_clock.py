"""Time that passes when told to."""

from __future__ import annotations

import anyio
import pytest

from marty_chassis.plugins import IHealthPlugin, IServicePlugin, hookimpl, plugin
from marty_hookspecs import service_discover


def test_it_stands_still_until_it_is_told(fake_clock) -> None:
    before = fake_clock()

    assert fake_clock() == before
    assert fake_clock.advance(2.5) == fake_clock() == before + 2.5
    with pytest.raises(ValueError, match="does not go back"):
        fake_clock.advance(-1)


async def test_a_service_that_is_not_heard_of_is_dropped(plugin_host, fake_clock) -> None:
    @plugin(name="billing")
    class Billing(IServicePlugin):
        async def initialize(self, context):
            await context.service_registry.register({"name": "billing", "id": "1"}, ttl=10)

    async with plugin_host(Billing, clock=fake_clock) as host:

        async def found(passing: bool) -> list[str]:
            query = {"name": "billing", "passing": passing}
            return [one["id"] for one in await host.chassis.service_registry.discover(query)]

        assert await found(passing=True) == ["1"]
        fake_clock.advance(11)
        assert (await found(passing=True), await found(passing=False)) == ([], ["1"])
        fake_clock.advance(60)
        assert await found(passing=False) == []


async def test_a_handler_that_keeps_failing_is_asked_again_after_its_cooldown(
    plugin_host, fake_clock
) -> None:
    @plugin(name="flaky")
    class Flaky(IServicePlugin):
        asked = 0

        async def on_service_discovery(self, query):
            self.asked += 1
            raise OSError("unreachable")

    async with plugin_host(Flaky, clock=fake_clock) as host:
        for _ in range(10):
            await host.ask(service_discover, {"name": "billing"})
        assert host.plugin.asked == 5

        fake_clock.advance(31)
        await host.ask(service_discover, {"name": "billing"})
        assert host.plugin.asked == 6


async def test_a_health_check_is_due_when_the_clock_says_so(plugin_host, fake_clock) -> None:
    @plugin(name="well")
    class Well(IHealthPlugin):
        def __init__(self) -> None:
            self.checked = 0

        @hookimpl
        async def health_check(self):
            self.checked += 1
            return {"healthy": True}

    async with plugin_host(Well, clock=fake_clock) as host:
        await host.operator.get("/plugins/well/health")
        assert host.plugin.checked == 1

        fake_clock.advance(31)
        with anyio.fail_after(3):
            while host.plugin.checked == 1:
                await anyio.sleep(0.01)
