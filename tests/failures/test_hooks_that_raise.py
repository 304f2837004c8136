"""A plugin that raises in a hook: its caller, its neighbour and the application go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import pytest

import marty_hookspecs
from marty_chassis.errors import HookFailed
from marty_hookspecs import PluginMetadata

from .files import LEANING, NEIGHBOUR, RAISING, hooked
from .house import ANSWER, Act, Project, Service
from .test_phases import assert_failed, assert_the_others_serve

Make = Callable[..., Service]


@dataclass(frozen=True)
class Asked:
    """One extension point: how somebody comes to ask it, and what its fault leads to."""

    hook: str
    parameters: str
    ask: Act

    def __str__(self) -> str:
        return self.hook

    @property
    def name(self) -> str:
        point: Any = getattr(marty_hookspecs, self.hook)
        name: str = point.extension_point.name
        return name


async def register(service: Service) -> None:
    registered = await service.chassis.service_registry.register({"name": "shop", "id": "shop-1"})
    (found,) = await service.chassis.service_registry.discover({"name": "shop"})
    assert found == registered
    assert found["tags"] == ["neighbour"]
    await service.chassis.service_registry.unregister("shop-1")
    assert await service.chassis.service_registry.discover({"name": "shop"}) == []


async def look_for(service: Service) -> None:
    found = await service.chassis.service_registry.discover({"name": "next-door"})
    assert [one["id"] for one in found] == ["next-door-1"]


async def health(service: Service) -> None:
    answer = await service.managed("/plugins/troubled/health")
    assert answer.status_code == 503
    assert answer.json()["healthy"] is False
    assert "health.check failed" in answer.json()["reason"]
    assert (await service.managed("/health/live")).status_code == 200


async def figures(service: Service) -> None:
    answer = (await service.managed("/plugins/metrics")).json()["plugins"]
    assert answer["neighbour"]["metrics"] == {"rooms": 3}
    assert "failed" in answer["troubled"]["problems"][0]
    text = (await service.managed("/metrics")).text
    assert 'rooms{plugin="neighbour"} 3.0' in text


async def move(service: Service) -> None:
    await service.manager.stop("other")
    assert service.states()["other"] == "stopped"
    await service.manager.start("other")
    assert service.states()["other"] == "started"


async def fail(service: Service) -> None:
    service.manager.stagers.append(_refuse)
    await service.manager.stop("other")
    await service.manager.start("other")
    assert service.states()["other"] == "error"
    assert "failed" in service.chassis.plugins.get("neighbour").heard[-1]
    service.manager.stagers.remove(_refuse)


async def _refuse(body: Any) -> None:
    raise ValueError("not today")


def directly(hook: str, *arguments: Any) -> Act:
    async def ask(service: Service) -> None:
        point: Any = getattr(marty_hookspecs, hook)
        await service.chassis.hooks.ask(point, *arguments)

    return ask


REPORTED = (
    Asked("service_pre_register", "service_info", register),
    Asked("service_post_register", "service_info", register),
    Asked("service_pre_unregister", "service_info", register),
    Asked("service_discover", "query", look_for),
    Asked("health_check", "", health),
    Asked("metrics_collect", "", figures),
    Asked("metrics_describe", "", figures),
    Asked("plugin_loaded", "plugin_name", move),
    Asked("plugin_started", "plugin_name seconds", move),
    Asked("plugin_stopped", "plugin_name", move),
    Asked("plugin_failed", "plugin_name reason", fail),
    Asked(
        "plugin_reloaded",
        "plugin_name drained",
        directly("plugin_reloaded", "other", PluginMetadata("other"), 2, True, 0.1),
    ),
    Asked("cli_commands", "", directly("cli_commands")),
)
"""Points whose faults are written down, and change nothing else."""

AT_STAGING = {"web_wrap": "app", "web_routes": "", "events_subscriptions": ""}
IN_A_REQUEST = {
    "middleware_pre_request": "request",
    "middleware_process": "request call_next",
    "middleware_post_response": "response request",
}
ELSEWHERE = {"config_load", "middleware_websocket"}


def test_every_extension_point_of_the_contract_is_among_these() -> None:
    points = {
        name
        for name in marty_hookspecs.__all__
        if isinstance(getattr(marty_hookspecs, name), FunctionType)
        and hasattr(getattr(marty_hookspecs, name), "extension_point")
    }

    asked = {one.hook for one in REPORTED} | AT_STAGING.keys() | IN_A_REQUEST.keys() | ELSEWHERE
    assert asked == points


def furnish(project: Project, trouble: str) -> None:
    project.plugin("troubled", trouble)
    project.plugin("leaning", LEANING)
    project.plugin("neighbour", NEIGHBOUR)
    project.plugin(
        "other", LEANING.replace("leaning", "other").replace('"troubled"', '"neighbour"')
    )


@pytest.mark.parametrize("kind", RAISING)
@pytest.mark.parametrize("asked", REPORTED, ids=str)
async def test_a_fault_that_is_reported_changes_nothing_else(
    project: Project, service: Make, interrupts: list[str], asked: Asked, kind: str
) -> None:
    statement, name = RAISING[kind]
    furnish(project, hooked(asked.hook, asked.parameters, statement))

    async with service() as running:
        await asked.ask(running)

        assert running.states()["troubled"] == running.states()["leaning"] == "started"
        faults = running.faults("troubled")
        assert {fault[:2] for fault in faults} == {("hook", asked.name)}
        assert all(fault[2].startswith(name) for fault in faults)
        assert set(interrupts) == ({"stop"} if kind == "interrupt" else set())
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", RAISING)
@pytest.mark.parametrize("hook", AT_STAGING)
async def test_a_fault_at_staging_fails_the_start(
    project: Project, service: Make, hook: str, kind: str
) -> None:
    furnish(project, hooked(hook, AT_STAGING[hook], RAISING[kind][0]))

    async with service() as running:
        await assert_failed(running, "start", RAISING[kind][1])
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", RAISING)
@pytest.mark.parametrize("hook", IN_A_REQUEST)
async def test_a_fault_in_a_request_is_the_answer_of_that_request(
    project: Project, service: Make, interrupts: list[str], hook: str, kind: str
) -> None:
    statement, name = RAISING[kind]
    only_some = f"if 'x-trouble' in request.headers: {statement}\nreturn "
    only_some += "await call_next(request)" if "call_next" in IN_A_REQUEST[hook] else "None"
    furnish(project, hooked(hook, IN_A_REQUEST[hook], only_some))

    async with service() as running:
        answer = await running.get(**{"x-trouble": "1"})

        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert name not in answer.text
        ((phase, where, what),) = running.faults("troubled")
        assert (phase, where) == ("hook", hook.replace("_", ".", 1))
        assert what.startswith(name)
        assert set(interrupts) == ({"stop"} if kind == "interrupt" else set())
        assert running.states()["troubled"] == "started"
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", RAISING)
async def test_an_error_after_call_next_sends_nothing_of_the_applications_answer(
    project: Project, service: Make, kind: str
) -> None:
    statements = f"response = await call_next(request)\n{RAISING[kind][0]}"
    furnish(project, hooked("middleware_process", "request call_next", statements))

    async with service() as running:
        answer = await running.get()

        assert answer.status_code == 500
        assert ANSWER not in answer.text
        assert running.application.asked == 1


@pytest.mark.parametrize("kind", RAISING)
@pytest.mark.parametrize("hook", IN_A_REQUEST)
async def test_an_open_plugin_that_fails_is_left_out(
    project: Project, service: Make, hook: str, kind: str
) -> None:
    needs = "failure_policy='open'"
    furnish(project, hooked(hook, IN_A_REQUEST[hook], RAISING[kind][0], needs=needs))

    async with service() as running:
        for _ in range(7):
            answer = await running.get()
            assert (answer.status_code, answer.text) == (200, ANSWER)

        assert len(running.faults("troubled")) == 5, "then it is not asked for a while"
        await assert_the_others_serve(running)


@pytest.mark.parametrize("deny", [True, False])
@pytest.mark.parametrize("kind", RAISING)
async def test_a_fault_at_a_handshake_refuses_the_websocket(
    project: Project, service: Make, kind: str, deny: bool
) -> None:
    furnish(project, hooked("middleware_websocket", "websocket call_next", RAISING[kind][0]))

    async with service() as running:
        heard = await running.knock(deny=deny)

        if deny:
            assert (heard[0]["type"], heard[0]["status"]) == ("websocket.http.response.start", 500)
        else:
            assert heard == [{"type": "websocket.close", "code": 1011, "reason": ""}]
        assert running.application.asked == 0
        ((phase, where, _),) = running.faults("troubled")
        assert (phase, where) == ("hook", "middleware.websocket")
        assert (await running.get()).headers["x-neighbour"] == "here"


@pytest.mark.parametrize("kind", RAISING)
async def test_a_fault_after_the_websocket_was_served_is_reported(
    project: Project, service: Make, kind: str
) -> None:
    statements = f"await call_next(websocket)\n{RAISING[kind][0]}"
    furnish(project, hooked("middleware_websocket", "websocket call_next", statements))

    async with service() as running:
        await assert_the_others_serve(running)

        assert [fault[:2] for fault in running.faults("troubled")] == [
            ("hook", "middleware.websocket")
        ]


@pytest.mark.parametrize("kind", RAISING)
async def test_a_fault_in_config_load_is_reported(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, hooked("config_load", "config_name", RAISING[kind][0]))

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        assert [fault[:2] for fault in running.faults("troubled")] == [("hook", "config.load")]
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", RAISING)
async def test_an_event_handler_that_raises_keeps_no_event_from_the_others(
    project: Project, service: Make, kind: str
) -> None:
    statements = f"async def fail(event_data): {RAISING[kind][0]}\nreturn {{'news.*': fail}}"
    furnish(project, hooked("events_subscriptions", "", statements))

    async with service() as running:
        await assert_the_others_serve(running)

        (fault,) = running.faults("troubled")
        assert fault[0] == "hook"
        assert running.states()["troubled"] == "started"


@pytest.mark.parametrize("kind", RAISING)
async def test_a_route_that_raises_answers_500(
    project: Project, service: Make, interrupts: list[str], kind: str
) -> None:
    statements = f"async def fail(request): {RAISING[kind][0]}\nreturn [Route('/fail', fail)]"
    furnish(project, hooked("web_routes", "", statements))

    async with service() as running:
        answer = await running.get("/fail")

        assert answer.status_code == 500
        assert running.faults("troubled")[0][:2] == ("hook", "web.routes")
        assert set(interrupts) == ({"stop"} if kind == "interrupt" else set())
        await assert_the_others_serve(running)


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("kind", RAISING)
async def test_a_wrapped_application_that_raises_answers_500(
    project: Project, service: Make, interrupts: list[str], kind: str, place: str
) -> None:
    call = "await app(scope, receive, send)"
    trouble = f"if scope['path'] == '/fail': {RAISING[kind][0]}"
    lines = [trouble, call] if place == "before" else [call, trouble]
    statements = f"""
async def around(scope, receive, send):
    {lines[0]}
    {lines[1]}
return around"""
    furnish(project, hooked("web_wrap", "app", statements))

    async with service() as running:
        answer = await running.get("/fail")

        assert answer.status_code == (500 if place == "before" else 404)
        ((phase, where, what),) = running.faults("troubled")
        assert (phase, where) == ("hook", "web.wrap")
        assert what.startswith(RAISING[kind][1])
        assert set(interrupts) == ({"stop"} if kind == "interrupt" else set())
        await assert_the_others_serve(running)


async def test_the_applications_own_error_is_no_fault_of_what_wraps_it(
    project: Project, service: Make
) -> None:
    statements = """
async def around(scope, receive, send):
    async with anyio.create_task_group() as group:
        group.start_soon(app, scope, receive, send)
return around"""
    furnish(project, hooked("web_wrap", "app", statements))

    async with service() as running:

        async def broken(scope: Any, receive: Any, send: Any) -> None:
            raise RuntimeError("the application's own")

        wrapped = running.chassis.wrap(broken)
        with pytest.raises(ExceptionGroup) as raised:
            await wrapped({**HTTP}, _nothing, _nothing)

        assert raised.group_contains(RuntimeError, match="the application's own")
        assert running.faults("troubled") == []


HTTP = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "root_path": "",
    "query_string": b"",
    "headers": [],
    "extensions": {},
}


async def _nothing(*_: Any) -> Any:
    return {"type": "http.disconnect"}


async def test_a_wrapped_application_that_raises_in_the_middle_breaks_the_response_off(
    project: Project, service: Make
) -> None:
    statements = """
async def around(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ValueError("no more")
return around"""
    furnish(project, hooked("web_wrap", "app", statements))

    async with service() as running:
        with pytest.raises(HookFailed, match="troubled"):
            await running.get()

        assert [fault[:2] for fault in running.faults("troubled")] == [("hook", "web.wrap")]


@pytest.mark.parametrize(
    ("before", "heard"),
    [
        ("pass", ["websocket.close"]),
        ("await send({'type': 'websocket.accept'})", ["websocket.accept", "websocket.close"]),
        ("await send({'type': 'websocket.close', 'code': 4000})", ["websocket.close"]),
    ],
)
async def test_a_wrapped_application_that_raises_ends_the_websocket(
    project: Project, service: Make, before: str, heard: list[str]
) -> None:
    statements = f"""
async def around(scope, receive, send):
    {before}
    raise ValueError("no more")
return around"""
    furnish(project, hooked("web_wrap", "app", statements))

    async with service() as running:
        assert [one["type"] for one in await running.knock()] == heard

        assert [fault[:2] for fault in running.faults("troubled")] == [("hook", "web.wrap")]
        assert running.application.asked == 0
