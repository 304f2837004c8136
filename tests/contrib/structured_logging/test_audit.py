"""The audit trail: plugins, services and events, whatever the level."""

from __future__ import annotations

from typing import Any

import pytest
from loguru import logger

from marty_chassis.contrib.request_tracing import RequestTracing
from marty_chassis.plugins import IEventHandlerPlugin, IMiddlewarePlugin, plugin
from marty_chassis.testing import FailingNeighbour
from marty_hookspecs import CallNext

from .conftest import Host, Read, the


def trail(lines: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(line["event"], line.get("plugin")) for line in lines if line.get("audit") is True]


async def test_what_happens_to_plugins_and_services_is_in_it_at_any_level(
    logged: Host, read: Read
) -> None:
    async with logged(level="CRITICAL", starts=False, neighbours=[FailingNeighbour()]) as host:
        await host.chassis.plugin_manager.disable("failing-neighbour")
        await host.reload(drained=True)

    lines = read()
    assert all(line.get("audit") for line in lines)
    found = trail(lines)
    assert ("plugin.failed", "failing-neighbour") in found
    assert ("plugin.started", "structured-logging") in found
    assert found.count(("plugin.reloaded", "structured-logging")) == 1
    assert ("service.registered", None) in found
    assert found[-1] == ("service.unregistered", None)
    failed = next(line for line in lines if line["event"] == "plugin.failed")
    assert (failed["phase"], "told to fail" in failed["reason"]) == ("start", True)
    registered = next(line for line in lines if line["event"] == "service.registered")
    assert registered["service_info.name"] == "plugin-host"


async def test_events_are_in_it_once_whatever_patterns_they_fit(logged: Host, read: Read) -> None:
    async with logged(audit={"events": ["auth.**", "auth.denied", "user.*", "auth.**"]}) as host:
        await host.publish("auth.denied", {"user": "jo", "token": "x"})
        await host.publish("auth.key.rotated", "plain")
        await host.publish("user.login", ["a"])
        await host.publish("order.placed")

    lines = read()
    assert [event for event, _ in trail(lines) if event.partition(".")[0] in ("auth", "user")] == [
        "auth.denied",
        "auth.key.rotated",
        "user.login",
    ]
    denied = the(lines, "auth.denied")
    assert (denied["data.user"], denied["data.token"]) == ("jo", "***")
    assert denied["plugin"] == "(application)"
    assert len(denied["event_id"]) == 32
    assert the(lines, "auth.key.rotated")["data"] == "plain"
    assert the(lines, "user.login")["data"] == ["a"]


async def test_it_has_a_file_of_its_own_where_one_is_named(logged: Host, read: Read) -> None:
    async with logged(audit={"destination": "audit.json"}) as host:
        logger.info("a line")
        logger.bind(audit=True, event="payments.refund").info("by hand")
        await host.publish("auth.denied")

    assert "audit" not in read()[-1]
    assert the(read(), "a line")
    assert all(line["audit"] is True for line in read("audit.json"))
    assert the(read("audit.json"), "by hand")["event"] == "payments.refund"
    assert the(read("audit.json"), "auth.denied")


async def test_it_has_the_ids_of_the_request_in_which_it_happened(logged: Host, read: Read) -> None:
    @plugin(name="doorman")
    class Doorman(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: CallNext) -> Any:
            await self.context.event_bus.publish("auth.denied", {"path": request.url.path})
            return await call_next(request)

    settings: dict[str, Any] = {"plugins": {"request-tracing": {}}}
    async with logged(neighbours=[Doorman, RequestTracing], settings=settings) as host:
        await host.client.get("/secret", headers={"X-Correlation-ID": "theirs"})
        await host.events.wait_for("auth.denied")

    denied = the(read(), "auth.denied")
    assert (denied["correlation_id"], denied["plugin"]) == ("theirs", "doorman")


async def test_without_it_there_is_none(logged: Host, read: Read) -> None:
    async with logged(audit=None) as host:
        await host.publish("auth.denied")
        logger.bind(audit=True).debug("too quiet")

    assert trail(read()) == []


async def test_who_moves_plugins_through_the_management_is_in_it(logged: Host, read: Read) -> None:
    async with logged() as host:
        await host.operator.post("/plugins/structured-logging/reload")
        await host.events.wait_for("management.audit")

    moved = the(read(), "management.audit")
    assert (moved["data.action"], moved["data.role"]) == ("reload", "operator")


@plugin(name="audit-logger", version="1.0.0")
class AuditPlugin(IEventHandlerPlugin):
    """As the specification prints it."""

    def get_event_subscriptions(self) -> dict[str, str]:
        return {
            "user.login": "handle_login",
            "user.logout": "handle_logout",
            "service.error": "handle_error",
        }

    async def handle_event(self, event_type: str, event_data: Any) -> None:
        pass

    async def handle_login(self, event_data: Any) -> None:
        self.logger.info(f"User login: {event_data}")


@pytest.mark.parametrize("password", ["hunter2", "it's {}"])
async def test_the_audit_plugin_of_the_specification_works_beside_it(
    logged: Host, read: Read, password: str
) -> None:
    async with logged(neighbours=[AuditPlugin]) as host:
        await host.publish("user.login", {"user": "jo", "password": password})

    line = the(read(), "User login: {'user': 'jo', 'password': '***'}")
    assert line["plugin"] == "audit-logger"
