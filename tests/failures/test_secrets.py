"""What is secret in the configuration is said nowhere, whatever a plugin does with it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from marty_chassis import Chassis
from marty_chassis.errors import InvalidConfiguration, StartAborted

from .files import NEIGHBOUR
from .house import TOKEN, Project, Service, until

Make = Callable[..., Service]

PASSWORD = "p4ssw0rd-of-the-vault"
PHRASE = "a phrase that the model calls secret"
ADDRESS = "pw-in-an-address-91"
VIEWER = "the-viewers-token-77aa"
FROM_OUTSIDE = "from-the-environment-31"
OPTION = "cookie-signing-key-55"

SECRETS = (PASSWORD, PHRASE, ADDRESS, VIEWER, FROM_OUTSIDE, OPTION, TOKEN)

TROUBLED = """
import anyio
from marty_chassis.plugins import ExtensionPoint, IMiddlewarePlugin, PluginNotReady, hookimpl, plugin
from pydantic import BaseModel, SecretStr


class Settings(BaseModel):
    password: str
    phrase: SecretStr
    url: str
    api_key: str = ""


def crash(config):
    everything = [
        config.password, config.phrase.get_secret_value(), config.url, config.api_key,
    ]
    words = " and ".join(everything)
    raise {error}


@plugin(name="troubled", config_schema=Settings)
class Troubled(IMiddlewarePlugin):
    async def initialize(self, context):
        self.config = context.plugin_config
        {initialize}

    async def start(self):
        {start}

    async def stop(self):
        {stop}

    async def process_request(self, request, call_next):
        {process_request}
        return await call_next(request)

    async def process_websocket(self, websocket, call_next):
        {process_websocket}
        await call_next(websocket)

    @hookimpl
    async def health_check(self):
        {health_check}
        return {{"healthy": True}}

    @hookimpl
    async def metrics_collect(self):
        {metrics_collect}
        return {{}}

    @hookimpl
    async def service_discover(self, query):
        {service_discover}
        return []

    @hookimpl
    def events_subscriptions(self):
        return {{"news.*": self.listen}}

    async def listen(self, event_data):
        {listen}

    async def die(self):
        {die}
"""

PLACES = (
    "initialize",
    "start",
    "stop",
    "process_request",
    "process_websocket",
    "health_check",
    "metrics_collect",
    "service_discover",
    "listen",
    "die",
)

ERRORS = {
    "without words": "ValueError()",
    "in its words": "ValueError(words)",
    "in its arguments": "KeyError(everything)",
    "not ready": "PluginNotReady(words)",
    "in a group": "ExceptionGroup(words, [ValueError(words)])",
    "with a cause": "ValueError(words) from OSError(words)",
}


SIGNING = """
class Cookies:
    def __init__(self, app, secret_key):
        self.app, self.key = app, secret_key

    async def __call__(self, scope, receive, send):
        if scope["path"] == "/sign":
            raise ValueError(self.key)
        await self.app(scope, receive, send)
"""


def furnish(project: Project, place: str, error: str, *, monkeypatch: Any, **plugins: Any) -> None:
    crash = {name: "crash(self.config)" if name == place else "pass" for name in PLACES}
    if place == "die":
        crash |= {"start": "self.context.tasks.start(self.die)", "die": "crash(self.config)"}
    project.plugin("troubled", TROUBLED.format(error=error, **crash))
    project.plugin("neighbour", NEIGHBOUR)
    project.write("signing_middleware.py", SIGNING)
    monkeypatch.syspath_prepend(project.root)
    monkeypatch.delitem(sys.modules, "signing_middleware", raising=False)
    monkeypatch.setenv("MARTY_PLUGINS__TROUBLED__API_KEY", FROM_OUTSIDE)
    project.configure(
        {
            "troubled": {
                "password": PASSWORD,
                "phrase": PHRASE,
                "url": f"postgresql://user:{ADDRESS}@db/one",
            },
            "settings": {"troubled": {"required": False}},
            **plugins,
        },
        management={"token": [TOKEN], "viewer_token": VIEWER},
        middleware=[
            {
                "use": "signing_middleware:Cookies",
                "options": {"secret_key": OPTION},
            }
        ],
    )


def assert_silent(said: object) -> None:
    """No secret is in these words."""
    words = said if isinstance(said, str) else repr(said)
    assert not [secret for secret in SECRETS if secret in words]


async def everything_said(running: Service) -> list[str]:
    """All that anybody can read about the service."""
    said = [
        (await running.managed(path)).text
        for path in (
            "/plugins/status",
            "/plugins/troubled",
            "/plugins/troubled/health",
            "/plugins/metrics",
            "/extension-points",
            "/metrics",
            "/health",
            "/health/ready",
            "/openapi.json",
            "/nowhere",
        )
    ]
    said.append((await running.managed("/plugins/troubled/disable?force=1", "POST")).text)
    said.append((await running.managed("/plugins/troubled/enable", "POST")).text)
    chassis, manager = running.chassis, running.manager
    config = chassis.config
    said += map(repr, (chassis, manager, manager.supervisor, chassis.found, config, running.app))
    said += map(repr, (config.plugins, config.management, config.middleware))
    said += [json.dumps(config.show()), repr(config.model_dump()), config.model_dump_json()]
    said += map(repr, manager.supervisor.status())
    instance = manager.supervisor.instance_of("troubled")
    if instance is not None:
        said += [repr(instance.context), repr(instance.context.config)]
        said += [repr(config.raw_section("troubled")), str(config.plugins.section("troubled"))]
    for fault in chassis.faults.recent("troubled"):
        said += [str(fault), repr(fault), fault.message, fault.traceback]
    return said


@pytest.mark.parametrize(
    ("place", "error"),
    [
        *((place, error) for place in PLACES for error in ("in its words", "in its arguments")),
        *(("start", error) for error in ERRORS if not error.startswith("in its")),
    ],
)
async def test_a_plugin_that_crashes_with_secrets_at_hand_tells_nobody(
    project: Project,
    service: Make,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
    error: str,
) -> None:
    furnish(project, place, ERRORS[error], monkeypatch=monkeypatch)

    async with service() as running:
        answer = await running.get()
        said = [
            answer.text,
            (await running.get("/sign")).text,
            repr(answer.headers),
            repr(await running.knock(deny=True)),
        ]
        await running.chassis.event_bus.publish("news.of-today", "sunny", wait=True)
        await running.chassis.service_registry.discover({})
        if place == "die":
            await until(lambda: running.states()["troubled"] in ("error", "retrying"))
        said += await everything_said(running)

        # What it crashed with is known all the same.
        assert place == "stop" or running.faults("troubled") or error == "not ready"

    for words in (*said, *log, *capsys.readouterr()):
        assert_silent(words)


async def test_a_start_that_is_aborted_tells_nobody(
    project: Project, service: Make, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(project, "start", ERRORS["in its words"], monkeypatch=monkeypatch, strict=True)

    with pytest.raises(StartAborted) as aborted:
        await service().__aenter__()

    assert "ValueError: ***" in str(aborted.value)
    assert_silent("".join(traceback.format_exception(aborted.value)))
    assert_silent(aborted.value)
    for line in log:
        assert_silent(line)


@pytest.mark.parametrize(
    "section",
    [
        {"password": [PASSWORD], "phrase": PHRASE, "url": f"http://me:{ADDRESS}@db"},
        {"password": PASSWORD, "phrase": {"x": PHRASE}, "url": 3},
        {"pasword": PASSWORD, "phrase": PHRASE},
    ],
)
async def test_a_section_that_does_not_fit_is_refused_without_its_values(
    project: Project,
    service: Make,
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    section: dict[str, Any],
) -> None:
    furnish(project, "", ERRORS["in its words"], monkeypatch=monkeypatch, troubled=section)

    async with service() as running:
        assert running.status("troubled").phase == "configure"
        said = await everything_said(running)

    for words in (*said, *log):
        assert_silent(words)


@pytest.mark.parametrize(
    "wrong",
    [
        {"management": {"token": [TOKEN, {"x": VIEWER}]}},
        {"management": {"token": TOKEN, "viewer_token": f"{VIEWER} with spaces"}},
        {"management": {"tokne": TOKEN}},
        {"middleware": [{"use": 3, "options": {"secret_key": OPTION}}]},
        {"middleware": [{"use": "starlette.middleware.sessions:No", "options": {"key": OPTION}}]},
        {"plugins": {"troubled": PASSWORD}},
        {"pasword": PASSWORD},
    ],
)
def test_a_configuration_that_is_refused_does_not_repeat_its_secrets(
    project: Project, wrong: dict[str, Any]
) -> None:
    path = project.write("config.yaml", json.dumps(wrong, indent=1))

    with pytest.raises(InvalidConfiguration) as raised:
        Chassis(path)

    assert_silent(raised.value)
    assert_silent("".join(traceback.format_exception(raised.value)))


async def test_a_wrong_token_is_not_repeated(
    project: Project, service: Make, log: list[str]
) -> None:
    project.configure()

    async with service() as running, running.client(PASSWORD) as client:
        answer = await client.get(f"{running.prefix}/plugins/status")
        moved = await client.post(f"{running.prefix}/plugins/x/disable")

        assert (answer.status_code, moved.status_code) == (401, 401)
        for words in (answer.text, moved.text, *log):
            assert_silent(words)
