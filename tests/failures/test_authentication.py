"""A plugin that decides who gets in, broken in every way: nobody gets in without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from marty_chassis import create_app

from .files import RAISING, plainly
from .house import ANSWER, Project, Service, until

Make = Callable[..., Service]

GUARD = """
import asyncio
import sys

import anyio
from marty_chassis.plugins import IMiddlewarePlugin, PluginNotReady, hookimpl, plugin
from pydantic import BaseModel, SecretStr
from starlette.responses import PlainTextResponse


class Odd(BaseException):
    pass


async def made_up_cancellation():
    return asyncio.CancelledError("made up")


class Settings(BaseModel, extra="forbid"):
    password: SecretStr
    expiry: int = 60


# in import


@plugin(name="guard", config_schema=Settings)
class Guard(IMiddlewarePlugin):
    def __init__(self):
        # in construct
        self.seen = 0

    async def initialize(self, context):
        # in initialize
        self.password = context.plugin_config.password.get_secret_value()

    async def start(self):
        # in start
        pass

    async def stop(self):
        # in stop
        pass

    async def process_request(self, request, call_next):
        # in process_request
        if not self.knows(request):
            return PlainTextResponse("who are you?", 401)
        return await call_next(request)

    async def process_websocket(self, websocket, call_next):
        # in process_websocket
        if self.knows(websocket):
            await call_next(websocket)

    def knows(self, connection):
        return connection.headers.get("authorization") == f"Bearer {self.password}"

    # more
"""

SECTION = {"password": "open-sesame-77"}
PASS = {"authorization": "Bearer open-sesame-77"}
MENDABLE = "import", "construct", "initialize", "start"


def guard(**troubles: str) -> str:
    """The file, with these statements in these places."""
    text = GUARD
    for place, statements in troubles.items():
        mark = "# more" if place == "more" else f"# in {place}"
        (line,) = [one for one in text.splitlines() if one.strip() == mark]
        margin = line[: len(line) - len(line.lstrip())]
        lines = "\n".join(f"{margin}{one}" for one in statements.splitlines())
        text = text.replace(f"{line}\n", f"{lines}\n")
    return text


async def assert_nobody_gets_in(service: Service, *statuses: int) -> None:
    """Not with the password, not without, not by a websocket; and the management answers."""
    for headers in ({}, PASS, {"authorization": "Bearer wrong"}):
        for path in ("/", "/nowhere", "/guard"):
            answer = await service.get(path, **headers)
            assert answer.status_code in statuses
            assert ANSWER not in answer.text
    refused = [one["type"] for one in await service.knock()]
    assert refused == ["websocket.close"]
    denied = await service.knock(deny=True)
    assert denied[0]["type"] in ("websocket.close", "websocket.http.response.start")
    assert denied[0].get("status", 403) in (401, 403, 500, 503)
    assert service.application.asked == 0
    await assert_managed(service)


async def assert_managed(service: Service) -> None:
    """The management answers, and says how the guard is."""
    assert (await service.managed("/health/live")).status_code == 200
    shown = await service.managed("/plugins/status")
    assert shown.status_code == 200
    assert SECTION["password"] not in shown.text
    assert (await service.get(f"{service.prefix}/plugins/status")).status_code == 401


async def assert_missed(service: Service, *words: str) -> None:
    """The service is not ready, refuses everybody, and says why."""
    await assert_nobody_gets_in(service, 503)
    assert (await service.managed("/health/ready")).status_code == 503
    missing = (await service.managed("/plugins/status")).json()["missing"]
    assert [one["name"] for one in missing] == ["guard"]
    for word in words:
        assert word in missing[0]["reason"]


async def assert_guarded(service: Service) -> None:
    """The guard works: who knows the password gets in, and nobody else."""
    assert (await service.managed("/health/ready")).status_code == 200
    assert (await service.get()).status_code == 401
    assert [one["type"] for one in await service.knock()] == ["websocket.close"]
    assert service.application.asked == 0
    answer = await service.get(**PASS)
    assert (answer.status_code, answer.text) == (200, ANSWER)
    service.application.asked = 0


@pytest.mark.parametrize("made", [False, True])
async def test_it_guards(project: Project, service: Make, made: bool) -> None:
    project.plugin("guard", GUARD)
    project.configure({"guard": SECTION})

    async with service(made=made) as running:
        await assert_guarded(running)


@pytest.mark.parametrize("kind", RAISING)
@pytest.mark.parametrize("phase", MENDABLE)
async def test_one_that_raises_on_the_way_up_is_missed_until_it_is_mended(
    project: Project, service: Make, phase: str, kind: str
) -> None:
    statement = RAISING[kind][0] if phase in ("initialize", "start") else plainly(kind)
    trouble = f"import pathlib\nif not pathlib.Path('mended').exists(): {statement}"
    project.plugin("guard", guard(**{phase: trouble}))
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running, RAISING[kind][1])
        assert running.status("guard").phase == phase

        project.write("mended", "")
        enabled = await running.managed("/plugins/guard/enable", "POST")

        assert enabled.status_code == 200
        await assert_guarded(running)


@pytest.mark.usefixtures("short_time")
@pytest.mark.parametrize("phase", ["initialize", "start"])
async def test_one_that_hangs_on_the_way_up_is_missed(
    project: Project, service: Make, phase: str
) -> None:
    project.plugin("guard", guard(**{phase: "await anyio.sleep_forever()"}))
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running, "0.5 s")


async def test_nobody_gets_in_while_it_starts(project: Project, service: Make) -> None:
    project.plugin("guard", guard(start="await anyio.sleep(0.1)"))
    project.configure({"guard": SECTION})
    running = service()

    async with anyio.create_task_group() as group:
        group.start_soon(running.__aenter__)
        await until(lambda: running.states()["guard"] == "starting")
        assert (await running.managed("/health/ready")).status_code == 503
        assert (await running.get()).status_code == 401
        assert [one["type"] for one in await running.knock()] == ["websocket.close"]
        assert running.application.asked == 0

    await assert_guarded(running)
    await running.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GUARD.replace("class Guard(", "class Guard(("), "SyntaxError"),
        (GUARD.encode() + b"\n# \xe9", "not UTF-8"),
        (GUARD.encode("utf-16"), "not UTF-8"),
        (GUARD.encode() + b"\0", "null bytes"),
        ("", "The configuration has a section for it"),
        ("import no_such_library\n", "no_such_library"),
        (GUARD.replace("@plugin(", "# @plugin("), "The configuration has a section for it"),
        (GUARD.replace('name="guard"', 'name="gaurd"'), "The configuration has a section for it"),
        (GUARD.replace('name="guard"', "name=3"), ""),
        (GUARD.replace("config_schema=Settings", "config_schema=3"), ""),
        (GUARD.replace("config_schema=Settings", "config_schema=BaseModel.foo"), "AttributeError"),
        (guard(more="@hookimpl\ndef no_such_hook(self): ..."), "no_such_hook"),
        (guard(more="@hookimpl\ndef health_check(self, question): ..."), "question"),
        (guard(more="def get_middleware_priority(self): return 'first'"), "'first'"),
        (guard(more="@hookimpl\ndef web_routes(self): return 3"), "web.routes"),
        (guard(more="@hookimpl\ndef web_wrap(self, app): return 3"), "web.wrap"),
        (guard(more="@hookimpl\ndef events_subscriptions(self): return 3"), "events.subscriptions"),
        (GUARD.replace("config_schema", "dependencies=['keys'], config_schema"), "'keys'"),
        (GUARD.replace("config_schema", "dependencies=['>=<'], config_schema"), "'>=<'"),
        (GUARD.replace("config_schema", "contract='>=99', config_schema"), "99"),
    ],
)
async def test_a_file_that_cannot_be_used_lets_nobody_in(
    project: Project, service: Make, text: str | bytes, words: str
) -> None:
    project.plugin("guard", text)
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running, words)


def no_file(project: Project) -> None: ...


def a_folder(project: Project) -> None:
    (project.root / "plugins/guard.py").mkdir()


def a_link_to_nowhere(project: Project) -> None:
    (project.root / "plugins/guard.py").symlink_to("nowhere")


def a_package_without_its_beginning(project: Project) -> None:
    project.write("plugins/guard/middleware.py", GUARD)


def two_of_one_name(project: Project) -> None:
    project.plugin("guard", GUARD)
    project.plugin("guard_of_old", GUARD)


def no_folder(project: Project) -> None:
    (project.root / "plugins").rmdir()


@pytest.mark.parametrize(
    "furnish",
    [
        no_file,
        a_folder,
        a_link_to_nowhere,
        a_package_without_its_beginning,
        two_of_one_name,
        no_folder,
    ],
)
async def test_a_file_that_is_not_what_it_should_be_lets_nobody_in(
    project: Project, service: Make, furnish: Callable[[Project], None]
) -> None:
    furnish(project)
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running)


@pytest.mark.parametrize(
    "section",
    [{}, {"pasword": "open-sesame-77"}, {**SECTION, "expiry": "soon"}, {**SECTION, "more": 1}],
)
async def test_a_section_that_does_not_fit_lets_nobody_in(
    project: Project, service: Make, section: dict[str, Any]
) -> None:
    project.plugin("guard", GUARD)
    project.configure({"guard": section})

    async with service() as running:
        await assert_missed(running, "config.yaml:")
        assert running.status("guard").phase == "configure"


async def test_a_misspelt_section_lets_nobody_in(project: Project, service: Make) -> None:
    project.plugin("guard", GUARD)
    project.configure({"gaurd": SECTION})

    async with service() as running:
        await assert_nobody_gets_in(running, 503)


async def test_a_value_of_the_wrong_type_in_the_environment_lets_nobody_in(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARTY_PLUGINS__GUARD__EXPIRY", "soon")
    project.plugin("guard", GUARD)
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running, "env:MARTY_PLUGINS__GUARD__EXPIRY")


async def test_a_dependency_that_fails_lets_nobody_in_until_it_is_there(
    project: Project, service: Make
) -> None:
    project.plugin("guard", GUARD.replace("config_schema", "dependencies=['keys'], config_schema"))
    project.plugin(
        "keys",
        """
from pathlib import Path
from marty_chassis.plugins import IPlugin, plugin

@plugin(name="keys")
class Keys(IPlugin):
    def start(self):
        if not Path("mended").exists():
            raise ConnectionError("no vault")
""",
    )
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running, "'keys', which is in error")

        project.write("mended", "")
        await running.manager.start("keys")
        await until(lambda: running.states()["guard"] == "started")
        await assert_guarded(running)


@pytest.mark.parametrize("kind", RAISING)
async def test_one_that_raises_in_each_request_turns_that_request_away(
    project: Project, service: Make, kind: str
) -> None:
    trouble = {"process_request": RAISING[kind][0], "process_websocket": RAISING[kind][0]}
    project.plugin("guard", guard(**trouble))
    project.configure({"guard": SECTION})

    async with service() as running:
        for _ in range(3):
            await assert_nobody_gets_in(running, 500)
        assert running.states()["guard"] == "started"


@pytest.mark.parametrize(
    "answer",
    [
        "return None",
        "return 3",
        "return request",
        "return call_next",
        "return self.process_request",
        "return {'status': 200}",
        "return PlainTextResponse",
        "return (401, 'no')",
        "yield 3",
    ],
)
async def test_one_that_answers_nonsense_lets_nobody_in(
    project: Project, service: Make, answer: str
) -> None:
    text = guard(process_request=answer, process_websocket="return 3")
    if answer.startswith("yield"):
        text = text.replace("return PlainTextResponse(", "PlainTextResponse(")
        text = text.replace("return await call_next(request)", "await call_next(request)")
    project.plugin("guard", text)
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_nobody_gets_in(running, 500, 503)


async def test_five_malformed_requests_turn_nobody_else_away(
    project: Project, service: Make
) -> None:
    trouble = "int(request.headers.get('x-number', '0'))"
    project.plugin("guard", guard(process_request=trouble))
    project.configure({"guard": SECTION})

    async with service() as running:
        for _ in range(12):
            assert (await running.get(**{"x-number": "many"}, **PASS)).status_code == 500

        assert (await running.get(**{"x-number": "3"}, **PASS)).text == ANSWER
        assert (await running.get()).status_code == 401
        assert len(running.faults("guard")) == 12


async def test_one_that_is_disabled_by_force_lets_nobody_in_until_it_is_enabled(
    project: Project, service: Make
) -> None:
    project.plugin("guard", GUARD)
    project.configure({"guard": SECTION})

    async with service() as running:
        refused = await running.managed("/plugins/guard/disable", "POST")
        assert refused.status_code == 409
        await assert_guarded(running)

        assert (await running.managed("/plugins/guard/disable?force=1", "POST")).status_code == 200
        await assert_missed(running, "disabled")

        assert (await running.managed("/plugins/guard/enable", "POST")).status_code == 200
        await assert_guarded(running)


async def test_one_whose_background_task_dies_is_missed(project: Project, service: Make) -> None:
    later = "async def die():\n    await anyio.sleep(0.02)\n    raise OSError('keys expired')\n"
    project.plugin("guard", guard(start=f"{later}self.context.tasks.start(die)"))
    project.configure({"guard": SECTION})

    async with service() as running:
        await until(lambda: running.states()["guard"] == "error")

        await assert_missed(running, "keys expired")


async def test_one_that_is_not_ready_is_waited_for(project: Project, service: Make) -> None:
    trouble = """
import pathlib
if not pathlib.Path("mended").exists():
    raise PluginNotReady("no keys yet")"""
    project.plugin("guard", guard(start=trouble.strip()))
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running, "no keys yet")
        project.write("mended", "")
        await until(lambda: running.states()["guard"] == "started")
        await assert_guarded(running)


async def test_one_that_has_no_section_is_missed_from_its_first_start_on(
    project: Project, service: Make
) -> None:
    project.plugin("guard", GUARD.replace("config_schema=Settings", "").replace(
        "context.plugin_config.password.get_secret_value()", '"open-sesame-77"'
    ))  # fmt: skip

    async with service() as running:
        await assert_guarded(running)
        await running.manager.stop("guard", force=True)
        await assert_missed(running)
        await running.manager.unload("guard", force=True)
        await assert_missed(running)


async def test_the_operator_may_decide_to_go_without(project: Project, service: Make) -> None:
    project.configure({"guard": SECTION, "settings": {"guard": {"required": False}}})

    async with service() as running:
        assert (await running.get()).text == ANSWER


@pytest.mark.parametrize("options", [{"minimum": 3}, {"no_such_option": 3}])
async def test_a_configured_middleware_that_cannot_be_made_lets_nobody_in(
    project: Project, service: Make, options: dict[str, int]
) -> None:
    middleware = {"use": "starlette.middleware.trustedhost:TrustedHostMiddleware"}
    project.configure(middleware=[{**middleware, "options": options}])

    async with service() as running:
        assert (await running.get()).status_code == 503
        assert running.application.asked == 0
        assert "TypeError" in running.status("trustedhostmiddleware").reason


async def test_a_plugin_that_wraps_the_application_is_missed_as_one_in_requests_is(
    project: Project, service: Make
) -> None:
    wrapping = """
from marty_chassis.plugins import IPlugin, hookimpl, plugin

@plugin(name="guard")
class Guard(IPlugin):
    async def start(self):
        raise ValueError("no keys")

    @hookimpl
    def web_wrap(self, app):
        async def around(scope, receive, send):
            await app(scope, receive, send)
        return around
"""
    project.plugin("guard", wrapping)
    project.configure({"guard": SECTION})

    async with service() as running:
        await assert_missed(running, "no keys")


def test_the_configuration_that_cannot_be_read_makes_no_service(project: Project) -> None:
    project.plugin("guard", GUARD)

    for section in (3, "open-sesame-77", [SECTION]):
        path = project.configure({"guard": section})
        with pytest.raises(Exception, match=r"config\.yaml:\d+:\d+ plugins\.guard") as raised:
            create_app(Path(path))
        assert "open-sesame" not in str(raised.value)
