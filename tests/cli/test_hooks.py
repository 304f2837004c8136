"""`marty hooks list`: what plugins can hook into, and who does, in which order and why."""

from __future__ import annotations

import json

from marty_hookspecs.contract import points

from .conftest import Marty, Write

MIDDLEWARE = """
    from marty_chassis.plugins import IMiddlewarePlugin, plugin

    @plugin(name="{name}")
    class Middleware(IMiddlewarePlugin):
        async def process_request(self, request, call_next):
            return await call_next(request)

        def get_middleware_priority(self):
            return {priority}
    """


def test_every_point_of_the_contract_is_there_without_a_configuration(marty: Marty) -> None:
    shown = marty("hooks", "list", "--json")

    found = {one["name"]: one for one in json.loads(shown.stdout)}
    assert found.keys() == {point.extension_point.name for point in points()}
    assert found["service.pre_register"] | {"description": ""} == {
        "name": "service.pre_register",
        "hook": "service_pre_register",
        "type": "filter",
        "description": "",
        "parameters": {"service_info": "ServiceInfo"},
        "on_error": "keep",
        "deadline": 5.0,
        "copies": True,
        "since": "1.0",
        "deprecated": None,
        "owner": None,
        "handlers": [],
    }


def test_handlers_stand_in_the_order_of_calling_with_the_reason_for_it(
    marty: Marty, write: Write
) -> None:
    write(
        "config.yaml",
        "plugins: {directories: [./plugins], settings: {inner: {priority: 90}}}",
    )
    for name, priority in (("outer", 10), ("inner", 1), ("middle", 50)):
        write(f"plugins/{name}.py", MIDDLEWARE.format(name=name, priority=priority))

    shown = marty("hooks", "list")

    lines = shown.stdout.splitlines()
    at = lines.index("middleware.process(request, call_next)  around, errors: raise, no deadline")
    assert lines[at + 1 : at + 4] == [
        "  1. outer  Middleware.process_request  (priority 10)",
        "  2. middle  Middleware.process_request  (priority 50)",
        "  3. inner  Middleware.process_request  (priority 90)",
    ]


def test_a_plugin_that_cannot_start_is_missed_aloud(marty: Marty, write: Write) -> None:
    write("config.yaml", "plugins: {directories: [./plugins]}")
    write("plugins/broken.py", "1 / 0")

    shown = marty("hooks", "list")

    assert shown.exit_code == 0
    assert "warning: broken is missing here: " in shown.stderr
    assert "ZeroDivisionError" in shown.stderr
