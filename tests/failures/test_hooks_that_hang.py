"""A plugin that hangs in a hook: where there is a deadline it is given up, elsewhere the client is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

import marty_hookspecs
from marty_chassis.boundary import bounded

from .files import hooked
from .house import ANSWER, Project, Service, until
from .test_hooks_that_raise import REPORTED, Asked, directly, furnish
from .test_phases import assert_failed, assert_the_others_serve

Make = Callable[..., Service]

HANGING = {
    "for ever": "await anyio.sleep_forever()",
    "deaf": "await deaf()",
}

OFF_THE_REQUEST_PATH = tuple(one for one in REPORTED if one.hook != "cli_commands")


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch: pytest.MonkeyPatch, short_grace: None, short_time: None) -> None:
    """Points with a deadline have a moment."""
    assert bounded.__kwdefaults__ is not None
    monkeypatch.setitem(bounded.__kwdefaults__, "grace", 0.02)
    for name in marty_hookspecs.__all__:
        point: Any = getattr(marty_hookspecs, name)
        spec: Any = getattr(point, "extension_point", None)
        if getattr(spec, "deadline", None) is not None:
            monkeypatch.setattr(point, "extension_point", replace(spec, deadline=0.2))


async def released(project: Project, running: Service) -> None:
    """Let deaf code go, and wait until it has."""
    project.write("released", "")
    await until(lambda: not running.manager.failures.strays)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        *((asked, "for ever") for asked in OFF_THE_REQUEST_PATH),
        *((asked, "deaf") for asked in OFF_THE_REQUEST_PATH[::4]),
    ],
    ids=str,
)
async def test_a_hook_with_a_deadline_is_given_up(
    project: Project, service: Make, asked: Asked, kind: str
) -> None:
    furnish(project, hooked(asked.hook, asked.parameters, HANGING[kind]))

    async with service() as running:
        await asked.ask(running)

        assert set(running.states().values()) >= {"started"}
        assert running.states()["troubled"] == "started"
        faults = set(running.faults("troubled"))
        assert faults == {("hook", asked.name, "DeadlineExceeded")}
        await assert_the_others_serve(running)
        await released(project, running)


@pytest.mark.parametrize("kind", HANGING)
async def test_one_that_hangs_again_and_again_is_not_asked_for_a_while(
    project: Project, service: Make, kind: str
) -> None:
    furnish(project, hooked("service_discover", "query", HANGING[kind]))

    async with service() as running:
        for _ in range(8):
            await running.chassis.service_registry.discover({"name": "next-door"})

        assert len(running.faults("troubled")) == 5
        await released(project, running)


@pytest.mark.parametrize("kind", HANGING)
async def test_config_load_is_given_up(project: Project, service: Make, kind: str) -> None:
    furnish(project, hooked("config_load", "config_name", HANGING[kind]))

    async with service() as running:
        assert ("hook", "config.load", "DeadlineExceeded") in running.faults("troubled")
        assert running.states()["neighbour"] == "started"
        await assert_the_others_serve(running)
        await released(project, running)


@pytest.mark.parametrize("hook", ["web_routes", "events_subscriptions", "web_wrap"])
async def test_hanging_at_staging_fails_the_start(
    project: Project, service: Make, hook: str
) -> None:
    parameters = "app" if hook == "web_wrap" else ""
    furnish(project, hooked(hook, parameters, HANGING["for ever"]))

    async with service() as running:
        await assert_failed(running, "start", "0.5 s")
        await assert_the_others_serve(running)


@pytest.mark.parametrize("kind", HANGING)
@pytest.mark.parametrize(
    ("hook", "parameters"),
    [
        ("middleware_pre_request", "request"),
        ("middleware_process", "request call_next"),
        ("middleware_post_response", "response request"),
    ],
)
async def test_a_client_that_goes_away_from_a_hanging_request_leaves_nothing(
    project: Project, service: Make, hook: str, parameters: str, kind: str
) -> None:
    only_some = f"if 'x-trouble' in request.headers: {HANGING[kind]}\nreturn "
    only_some += "await call_next(request)" if "call_next" in parameters else "None"
    furnish(project, hooked(hook, parameters, only_some))

    async with service() as running:
        with anyio.move_on_after(0.05) as gone:
            await running.get(**{"x-trouble": "1"})

        assert gone.cancelled_caught
        assert running.faults("troubled") == []
        await assert_the_others_serve(running)
        await released(project, running)
        await until(lambda: not running.manager.selector._superseded)


async def test_a_hanging_request_holds_up_no_other(project: Project, service: Make) -> None:
    trouble = f"if 'x-trouble' in request.headers: {HANGING['for ever']}"
    furnish(project, hooked("middleware_pre_request", "request", trouble))

    async with service() as running, anyio.create_task_group() as group:
        group.start_soon(lambda: running.get(**{"x-trouble": "1"}))
        await anyio.sleep(0.02)

        for _ in range(5):
            assert (await running.get()).text == ANSWER

        group.cancel_scope.cancel()


async def test_an_event_handler_that_hangs_keeps_no_event_from_the_others(
    project: Project, service: Make
) -> None:
    statements = "async def hang(event_data): await anyio.sleep_forever()\n"
    statements += "return {'news.*': hang}"
    furnish(project, hooked("events_subscriptions", "", statements, needs="failure_policy='open'"))
    project.configure({"reload": {"drain_timeout": 0.1}})

    async with service() as running:
        bus = running.chassis.event_bus
        neighbour: Any = running.chassis.plugins.get("neighbour")

        for number in range(5):
            await bus.publish("news.today", number)

        await until(lambda: neighbour.heard == (0, 1, 2, 3, 4))
        await running.manager.stop("troubled")
        assert running.states()["troubled"] == "stopped"
        await running.assert_nothing_of("troubled")


async def test_a_point_that_is_asked_by_its_owner_may_take_as_long_as_it_likes(
    project: Project, service: Make
) -> None:
    furnish(project, hooked("cli_commands", "", "await anyio.sleep(0.1)"))

    async with service() as running:
        await directly("cli_commands")(running)

        assert running.faults("troubled") == []
