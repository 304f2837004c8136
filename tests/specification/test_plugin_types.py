"""Plugin types: each class of the specification, as printed, in a plugin folder of a real service."""

from __future__ import annotations

import pytest

from marty_chassis import create_app

from .printed import as_methods, block, run

BASE = "1. Base Plugin (IPlugin)"
SERVICE = "2. Service Plugin (IServicePlugin)"
MIDDLEWARE = "3. Middleware Plugin (IMiddlewarePlugin)"
EVENTS = "4. Event Handler Plugin (IEventHandlerPlugin)"
HEALTH = "5. Health Plugin (IHealthPlugin)"
METRICS = "6. Metrics Plugin (IMetricsPlugin)"


def started(client) -> dict[str, str]:
    return {p["name"]: p["state"] for p in client.get("/plugins/status").json()["plugins"]}


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        (BASE, "my-plugin"),
        (SERVICE, "service-discovery"),
        (MIDDLEWARE, "request-tracing"),
        (EVENTS, "audit-logger"),
        (HEALTH, "database-health"),
        (METRICS, "custom-metrics"),
    ],
)
def test_every_plugin_starts_as_printed(write, serving, heading, name) -> None:
    write("plugins/one.py", block(heading))

    client = serving(create_app(plugin_directories=["./plugins"]))

    assert started(client) == {name: "started"}


def test_the_metadata_is_what_the_decorator_says(write, serving) -> None:
    write("plugins/one.py", block(BASE))

    client = serving(create_app(plugin_directories=["./plugins"]))

    metadata = client.get("/plugins/my-plugin").json()
    assert metadata["version"] == "1.0.0"
    assert metadata["description"] == "My awesome plugin"
    assert metadata["author"] == "Your Name"


async def test_a_service_plugin_is_told_and_asked(project, write) -> None:
    from marty_chassis import Chassis

    # The three methods do as printed; what is added only notes that they were called.
    noted = (
        block(SERVICE)
        .replace("pass", "self.told.append(dict(service_info))")
        .replace("return []", "self.told.append(dict(query))\n        return []")
    )
    write(
        "plugins/one.py",
        noted.replace(
            "    async def on_service_register",
            "    told = []\n\n    async def on_service_register",
            1,
        ),
    )
    chassis = Chassis(plugin_directories=["./plugins"])
    async with chassis:
        told = vars(type(chassis.plugins.get("service-discovery")))["told"]
        told.clear()
        registry = chassis.service_registry
        await registry.register({"name": "billing", "id": "billing-1"})
        found = await registry.discover({"name": "billing", "passing": False})
        await registry.unregister("billing-1")

    assert [entry["id"] for entry in found] == ["billing-1"]
    assert [entry.get("id", "query") for entry in told[:3]] == ["billing-1", "query", "billing-1"]


def test_a_request_is_traced_as_printed(write, serving) -> None:
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def seen(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.headers["x-correlation-id"])

    write("plugins/one.py", "import uuid\n" + block(MIDDLEWARE))

    client = serving(create_app(plugin_directories=["./plugins"], routes=[Route("/", seen)]))
    answer = client.get("/", headers={"X-Correlation-ID": "mine"})

    assert answer.status_code == 200
    assert answer.text == answer.headers["x-correlation-id"]
    assert len(answer.text) == 36
    points = {p["name"]: p for p in client.get("/extension-points").json()["extension_points"]}
    (handler,) = points["middleware.process"]["handlers"]
    assert (handler["plugin"], handler["priority"]) == ("request-tracing", 10)


async def test_events_reach_the_methods_that_the_subscriptions_name(project, write) -> None:
    from marty_chassis import Chassis

    missing = """
    async def handle_logout(self, event_data):
        self.seen.append(("logout", event_data))
"""
    write("plugins/one.py", block(EVENTS).rstrip() + "\n" + missing)
    chassis = Chassis(plugin_directories=["./plugins"])
    async with chassis:
        plugin = chassis.plugins.get("audit-logger")
        plugin.seen = []
        lines: list[str] = []
        plugin.logger = type("L", (), {"info": staticmethod(lines.append)})()
        bus = chassis.event_bus
        await bus.publish("user.login", {"user": "ann"}, wait=True)
        await bus.publish("user.logout", {"user": "ann"}, wait=True)
        await bus.publish("service.error", {"what": "disk"}, wait=True)

    assert lines == ["User login: {'user': 'ann'}"]
    assert plugin.seen == [("logout", {"user": "ann"})]


def test_health_is_what_the_plugin_says(write, serving) -> None:
    write("plugins/one.py", block(HEALTH))

    client = serving(create_app(plugin_directories=["./plugins"]))
    answer = client.get("/plugins/database-health/health")

    assert answer.status_code == 200
    assert answer.json()["healthy"] is True
    assert answer.json()["details"] == {"database": "postgresql", "connections": 5}
    assert answer.json()["interval_seconds"] == 30


def test_metrics_are_what_the_plugin_collects(write, serving) -> None:
    write("plugins/one.py", block(METRICS))

    client = serving(create_app(plugin_directories=["./plugins"]))
    figures = client.get("/plugins/metrics").json()
    text = client.get("/plugins/metrics", headers={"Accept": "text/plain"}).text

    printed = figures["plugins"]["custom-metrics"]
    assert printed["metrics"] == {
        "custom_counter": 42,
        "response_time": 0.125,
        "active_users": 100,
    }
    assert printed["definitions"]["custom_counter"]["type"] == "counter"
    assert '\ncustom_counter_total{plugin="custom-metrics"} 42.0' in text
    assert '\nresponse_time{plugin="custom-metrics"} 0.125' in text
    assert "# HELP custom_counter_total Custom counter metric" in text


async def test_a_handler_registered_in_initialize_enhances_services(project, write) -> None:
    from marty_chassis import Chassis

    write("plugins/one.py", as_methods(block("Using Extension Points"), name="enhancer"))
    chassis = Chassis(plugin_directories=["./plugins"])
    async with chassis:
        info = await chassis.service_registry.register({"name": "billing", "id": "b-1"})
        (handler,) = [
            h
            for h in chassis.plugin_manager.current.handlers("service_pre_register")
            if h.plugin == "enhancer"
        ]

    assert dict(info)["enhanced"] is True
    assert handler.priority == 10


async def test_a_custom_extension_point_transforms(project) -> None:
    from marty_chassis import Chassis

    chassis = Chassis()
    async with chassis:
        manager = chassis.extension_points
        await run(block("Custom Extension Points"), extension_manager=manager)
        manager.register_handler("data.transform", lambda data: {**data, "seen": True})

        assert await manager.call("data.transform", {"a": 1}) == {"a": 1, "seen": True}


def test_a_plugin_whose_dependencies_are_missing_is_blocked_and_names_them(write, serving) -> None:
    source = "from marty_chassis.plugins import IPlugin, plugin\n\n"
    write("plugins/one.py", source + block("Plugin Dependencies"))

    client = serving(create_app(plugin_directories=["./plugins"]))
    (status,) = client.get("/plugins/status").json()["plugins"]

    assert status["state"] == "blocked"
    assert status["blocked_by"] == ["jwt-authentication", "metrics-collector"]
    assert "jwt-authentication" in status["reason"]
    assert "metrics-collector" in status["reason"]


async def test_plugins_talk_through_events(project, write) -> None:
    from marty_chassis import Chassis

    body = "".join(
        f"        {line}\n" for line in block("Plugin Communication").splitlines()
    ).replace("context.event_bus", "self.context.event_bus")
    write(
        "plugins/one.py",
        "from marty_chassis.plugins import IPlugin, plugin\n\n\n"
        "@plugin(name='talker', version='1.0.0')\nclass Talker(IPlugin):\n"
        f"    async def talk(self):\n{body}",
    )
    chassis = Chassis(plugin_directories=["./plugins"])
    async with chassis:
        heard = []
        chassis.event_bus.subscribe("custom.*", lambda event: heard.append(event))
        await chassis.plugins.get("talker").talk()
        with_all_handled = await chassis.event_bus.publish("custom.end", None, wait=True)

    assert (heard[0].type, heard[0].data, heard[0].source) == (
        "custom.event",
        {"data": "value"},
        "talker",
    )
    assert with_all_handled.type == "custom.end"
