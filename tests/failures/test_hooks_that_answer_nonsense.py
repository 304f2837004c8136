"""A plugin that answers a hook with nonsense: it is said whose, and everybody else's answer counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .files import hooked
from .house import ANSWER, Project, Service
from .test_hooks_that_raise import (
    AT_STAGING,
    REPORTED,
    Asked,
    directly,
    furnish,
    health,
    look_for,
    move,
    register,
)
from .test_phases import assert_failed, assert_the_others_serve

Make = Callable[..., Service]

NONSENSE = {
    "number": "return 3",
    "text": "return 'yes'",
    "object": "return object()",
    "list": "return [3, None, object()]",
    "mapping": "return {3: object(), None: b''}",
    "hostile": "return Hostile()",
    "function": "return made_up_cancellation",
    "coroutine": "return made_up_cancellation()",
}

HOSTILE = '''
class Hostile(dict):
    """Raises wherever it is touched."""

    def __getattribute__(self, name):
        if name == "__class__":
            return dict
        raise RuntimeError(name)

    def _raise(self, *_):
        raise SystemExit("touched")

    __iter__ = __len__ = __bool__ = __eq__ = __repr__ = __str__ = keys = items = get = _raise
    __getitem__ = __contains__ = __deepcopy__ = __hash__ = __float__ = __reduce_ex__ = _raise
'''

# What a plugin does not await is warned of by Python, in whoever's test that is.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")


def answering(hook: str, parameters: str, kind: str) -> str:
    """A plugin that answers nonsense to one hook."""
    text = hooked(hook, parameters, NONSENSE[kind])
    return text.replace("\n\n@plugin", f"\n{HOSTILE}\n\n@plugin")


def asked(hook: str) -> Asked:
    (found,) = [one for one in REPORTED if one.hook == hook]
    return found


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize(
    "hook",
    ["service_post_register", "service_pre_unregister", "plugin_started", "plugin_stopped"],
)
async def test_what_nobody_wants_to_know_is_no_harm(
    project: Project, service: Make, hook: str, kind: str
) -> None:
    furnish(project, answering(hook, asked(hook).parameters, kind))

    async with service() as running:
        await (move if hook.startswith("plugin") else register)(running)

        assert running.faults("troubled") == []
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", NONSENSE)
async def test_a_service_that_is_none_is_not_registered(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, answering("service_pre_register", "service_info", kind))

    async with service() as running:
        await register(running)

        assert {fault[:2] for fault in running.faults("troubled")} == {
            ("hook", "service.pre_register")
        }
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", NONSENSE)
async def test_services_that_are_none_are_not_found(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, answering("service_discover", "query", kind))

    async with service() as running:
        await look_for(running)

        assert {fault[:2] for fault in running.faults("troubled")} == {("hook", "service.discover")}
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", NONSENSE)
async def test_health_that_is_none_is_bad_health(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, answering("health_check", "", kind))

    async with service() as running:
        await health(running)

        assert ("hook", "health.check") in {fault[:2] for fault in running.faults("troubled")}
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize("hook", ["metrics_collect", "metrics_describe"])
async def test_figures_that_are_none_are_left_out(
    project: Project, service: Make, hook: str, kind: str
) -> None:
    furnish(project, answering(hook, "", kind))

    async with service() as running:
        answer = await running.managed("/plugins/metrics")
        text = await running.managed("/metrics")

        assert (answer.status_code, text.status_code) == (200, 200)
        figures = answer.json()["plugins"]
        assert figures["neighbour"]["metrics"] == {"rooms": 3}
        assert figures["troubled"]["metrics"] == figures["troubled"]["definitions"] == {}
        assert figures["troubled"]["problems"]
        assert 'rooms{plugin="neighbour"} 3.0' in text.text
        assert {fault[:2] for fault in running.faults("troubled")} == {
            ("hook", hook.replace("_", ".", 1))
        }
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", NONSENSE)
async def test_configuration_that_is_none_is_left_out(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, answering("config_load", "config_name", kind))

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        assert {fault[:2] for fault in running.faults("troubled")} == {("hook", "config.load")}
        await assert_the_others_serve(running)


CAN_BE_CALLED = ("function",)
"""That is all that can be known beforehand of what `web.wrap` answered."""


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        (hook, kind)
        for hook in AT_STAGING
        for kind in NONSENSE
        if hook != "web_wrap" or kind not in CAN_BE_CALLED
    ],
)
async def test_nonsense_at_staging_fails_the_start(
    project: Project, service: Make, hook: str, kind: str
) -> None:
    furnish(project, answering(hook, AT_STAGING[hook], kind))

    async with service() as running:
        await assert_failed(running, "start", "")
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", CAN_BE_CALLED)
async def test_what_is_no_application_is_a_fault_of_the_request(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, answering("web_wrap", "app", kind))

    async with service() as running:
        assert (await running.get()).status_code == 500
        assert [one["type"] for one in await running.knock()] == ["websocket.close"]

        assert {fault[:2] for fault in running.faults("troubled")} == {("hook", "web.wrap")}
        assert running.application.asked == 0


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize(
    ("hook", "parameters"),
    [
        ("middleware_pre_request", "request"),
        ("middleware_process", "request call_next"),
        ("middleware_post_response", "response request"),
    ],
)
async def test_nonsense_in_a_request_is_the_answer_of_that_request(
    project: Project, service: Make, hook: str, parameters: str, kind: str
) -> None:
    furnish(project, answering(hook, parameters, kind))

    async with service() as running:
        answer = await running.get()

        assert answer.status_code == 500
        assert ANSWER not in answer.text
        assert {fault[:2] for fault in running.faults("troubled")} == {
            ("hook", hook.replace("_", ".", 1))
        }
        assert running.states()["troubled"] == "started"


@pytest.mark.parametrize("kind", NONSENSE)
async def test_nonsense_at_a_handshake_refuses_the_websocket(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, answering("middleware_websocket", "websocket call_next", kind))

    async with service() as running:
        assert [one["type"] for one in await running.knock()] == ["websocket.close"]

        assert running.application.asked == 0
        assert {fault[:2] for fault in running.faults("troubled")} == {
            ("hook", "middleware.websocket")
        }


@pytest.mark.parametrize("hook", ["plugin_reloaded", "cli_commands"])
@pytest.mark.parametrize("kind", NONSENSE)
async def test_whoever_asks_gets_what_was_answered(
    project: Project, service: Make, hook: str, kind: str
) -> None:
    furnish(project, answering(hook, "", kind))

    async with service() as running:
        await asked(hook).ask(running)

        assert running.faults("troubled") == []


async def test_nothing_is_an_answer_everywhere(project: Project, service: Make) -> None:
    for hook, parameters in (
        *((one.hook, one.parameters) for one in REPORTED),
        ("middleware_pre_request", "request"),
        ("middleware_post_response", "response request"),
        ("config_load", "config_name"),
        ("web_routes", ""),
        ("events_subscriptions", ""),
    ):
        text = hooked(hook, parameters, "return None").replace('"troubled"', f'"plugin-{hook}"')
        project.plugin(hook, text)
    furnish(project, hooked("cli_commands", "", "return None"))

    async with service() as running:
        assert set(running.states().values()) == {"started"}
        await assert_the_others_serve(running)
        await register(running)
        await move(running)
        await directly("cli_commands")(running)
        assert not running.chassis.faults.counts


@pytest.mark.parametrize(
    ("method", "phase", "kind"),
    [
        (method, phase, kind)
        for method, phase in (
            ("get_middleware_priority", "initialize"),
            ("get_health_check_interval", "initialize"),
            ("get_event_subscriptions", "start"),
        )
        for kind in NONSENSE
        if kind != "number" or phase == "start"
    ],
)
async def test_nonsense_about_itself_fails_the_start(
    project: Project, service: Make, method: str, phase: str, kind: str
) -> None:
    text = answering("check_health", "", "number").replace("    @hookimpl\n", "")
    text = text.replace("IPlugin)", "IMiddlewarePlugin, IHealthPlugin, IEventHandlerPlugin)")
    text = text.replace("import ExtensionPoint, IPlugin", f"import {INTERFACES}")
    text += f"""
    async def process_request(self, request, call_next):
        return await call_next(request)

    def {method}(self):
        {NONSENSE[kind]}
"""
    furnish(project, text)

    async with service() as running:
        await assert_failed(running, phase, "")
        await assert_the_others_serve(running)


INTERFACES = "ExtensionPoint, IEventHandlerPlugin, IHealthPlugin, IMiddlewarePlugin, IPlugin"
