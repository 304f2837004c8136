"""jwt-authentication, broken in every phase: nobody gets in that it would have kept out."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.contrib.jwt_authentication import JwtAuthentication, authentication, rules
from marty_chassis.contrib.jwt_authentication import tokens as tokens_of_ours
from marty_chassis.events import PluginEventBus
from tests.failures.conftest import interrupts, project, service, short_time
from tests.failures.house import ANSWER, Project, Service, until

from .provider import Provider, published
from .tokens import DEVELOPMENT, RSA, SECRET, SECTION, bearer, knock

__all__ = ["interrupts", "project", "service", "short_time"]

Make = Callable[..., Service]
NAME = "jwt-authentication"
PACKAGE = "marty_chassis.contrib.jwt_authentication"
KEYS = {"kid": "rsa-1"}


async def assert_nobody_gets_in(running: Service, *statuses: int) -> None:
    """Not with a valid token, not without, not by a websocket; and the management answers."""
    for headers in ({}, bearer(), bearer(RSA, "RS256", header=KEYS), bearer(exp=1)):
        for path in ("/", "//", "/nowhere", "/%2e/", "/ws"):
            answer = await running.get(path, **headers)
            assert answer.status_code in statuses, (path, answer.status_code)
            assert ANSWER not in answer.text
        for deny in (True, False):
            heard = await knock(running.app, *headers.values(), deny=deny)
            if heard["type"] != "websocket.close":
                assert heard["type"] == "websocket.http.response.start"
                assert heard["status"] in statuses
    assert running.application.asked == 0
    shown = await running.managed("/plugins/status")
    assert shown.status_code == 200
    assert SECRET not in shown.text


async def assert_missed(running: Service, *words: str) -> None:
    """The service is not ready, refuses everybody, and says why."""
    await assert_nobody_gets_in(running, 503)
    assert (await running.managed("/health/ready")).status_code == 503
    missing = (await running.managed("/plugins/status")).json()["missing"]
    assert [one["name"] for one in missing] == [NAME]
    for word in words:
        assert word in missing[0]["reason"], missing[0]["reason"]


async def assert_guarded(running: Service) -> None:
    """It works: who has a token gets in, and nobody else."""
    assert (await running.get()).status_code == 401
    assert (await running.get(**bearer(exp=1))).status_code == 401
    assert (await knock(running.app))["status"] == 401
    assert running.application.asked == 0
    assert (await running.get(**bearer())).text == ANSWER
    assert (await knock(running.app, *bearer().values()))["type"] == "websocket.accept"
    running.application.asked = 0


def configured(project: Project, section: Any = SECTION, **more: Any) -> None:
    """A configuration with such a section, and with nothing of whoever is guarded."""
    project.configure({NAME: section, **more})


async def test_it_guards(project: Project, service: Make) -> None:
    configured(project)

    async with service() as running:
        await assert_guarded(running)


# On the way up ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module",
    [PACKAGE, f"{PACKAGE}.authentication", f"{PACKAGE}.principal", "starlette.authentication"],
)
async def test_that_cannot_be_imported(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    configured(project)

    async with service() as running:
        await assert_missed(running)


@pytest.mark.parametrize("library", ["jwt", "jwt.algorithms"])
async def test_without_its_library(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    for name in (f"{PACKAGE}.keys", f"{PACKAGE}.tokens"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    configured(project)

    async with service() as running:
        await assert_missed(running, "jwt")


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"jwt_secret": "your-secret-key"},
        {"jwt_secret": ""},
        {"jwt_secret": None},
        {"jwt_secret": {"a": 1}},
        {"jwt_algorithm": "none"},
        {"jwt_algorithm": "none", "jwt_secret": SECRET},
        {"jwt_algorithm": ["HS256", "RS256"], "jwt_secret": SECRET},
        {"jwt_algorithm": "RS256", "public_key": "-----BEGIN PUBLIC KEY-----\nx"},
        {"jwt_algorithm": "RS256", "jwks_url": "http://127.0.0.1/keys"},
        {"jwt_secret": SECRET, "paths": []},
        {"jwt_secret": SECRET, "paths": "admin"},
        {"jwt_secret": SECRET, "exempt": ["/public/../admin"]},
        {"jwt_secret": SECRET, "token_expiry": "soon"},
        {"jwt_secret": SECRET, "enabled": False},
        {"jwt_secret": "-----BEGIN PUBLIC KEY-----\n" + "x" * 40 + "\n-----END PUBLIC KEY-----"},
    ],
)
async def test_with_a_section_that_does_not_fit(
    project: Project, service: Make, section: dict[str, Any]
) -> None:
    configured(project, section)

    async with service() as running:
        await assert_missed(running, "config.yaml:")


async def test_required_without_any_section(project: Project, service: Make) -> None:
    project.configure({"required": [NAME]})

    async with service() as running:
        await assert_missed(running, "jwt_secret is missing")


async def fails(*_: Any, **__: Any) -> Any:
    """Somebody's mistake."""
    raise OSError("no keys")


async def hangs(*_: Any, **__: Any) -> Any:
    """Somebody waits for something that does not come."""
    await anyio.sleep_forever()


async def exits(*_: Any, **__: Any) -> Any:
    """Somebody means to end the service."""
    sys.exit(3)


def fails_at_once(*_: Any, **__: Any) -> Any:
    """The same, in what is not awaited."""
    raise OSError("no keys")


@pytest.mark.usefixtures("short_time")
@pytest.mark.parametrize("trouble", [fails, hangs, exits])
@pytest.mark.parametrize("method", ["initialize", "start"])
async def test_that_fails_on_the_way_up(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch, method: str, trouble: Any
) -> None:
    monkeypatch.setattr(JwtAuthentication, method, trouble)
    configured(project)

    async with service() as running:
        await assert_missed(running, method)


@pytest.mark.parametrize("method", ["__init__", "get_middleware_priority"])
async def test_that_fails_in_between(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(JwtAuthentication, method, fails_at_once)
    configured(project)

    async with service() as running:
        await assert_missed(running, "no keys")


async def test_while_it_starts(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = anyio.Event()
    monkeypatch.setattr(JwtAuthentication, "start", lambda self: go.wait())
    configured(project)
    running = service()

    async with anyio.create_task_group() as group:
        group.start_soon(running.__aenter__)
        await until(lambda: running.states()[NAME] == "starting")
        asked: list[int] = []

        async def ask() -> None:
            asked.append((await running.get(**bearer(exp=1))).status_code)

        group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert running.application.asked == 0
        go.set()

    assert asked == [401]
    await assert_guarded(running)
    await running.__aexit__(None, None, None)


# In a request -------------------------------------------------------------------------------------


class Odd(BaseException):
    """Nobody's exception."""


RAISED = [ValueError("no"), SystemExit(3), asyncio.CancelledError("made up"), Odd()]


@pytest.mark.parametrize("raised", RAISED, ids=repr)
@pytest.mark.parametrize(
    ("holder", "name"),
    [
        (rules.Rules, "needed"),
        (authentication, "bearer_token"),
        (tokens_of_ours.Tokens, "verified"),
        (tokens_of_ours.Tokens, "_claims"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
async def test_that_fails_in_a_request(
    project: Project,
    service: Make,
    monkeypatch: pytest.MonkeyPatch,
    holder: Any,
    name: str,
    raised: BaseException,
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise raised

    configured(project)

    async with service() as running:
        with monkeypatch.context() as patched:
            patched.setattr(holder, name, fail)
            for _ in range(3):
                await assert_nobody_gets_in(running, 500, 401)
        await assert_guarded(running)


@pytest.mark.parametrize("name", ["UnauthenticatedUser", "AuthCredentials", "answer"])
async def test_that_fails_over_its_own_words(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    configured(project, {**SECTION, "audience": "nobody"})

    async with service() as running:
        monkeypatch.setattr(authentication, name, fails_at_once)
        await assert_nobody_gets_in(running, 500)


async def test_that_cannot_tell_anybody(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(project, {**SECTION, "audience": "nobody"})

    async with service() as running:
        monkeypatch.setattr(PluginEventBus, "publish", fails)
        await assert_nobody_gets_in(running, 500)


async def test_that_hangs_in_a_request(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(project)

    async with service() as running:
        monkeypatch.setattr(tokens_of_ours.Tokens, "verified", hangs)
        with anyio.move_on_after(0.05):
            await running.get(**bearer())
        assert running.application.asked == 0


# Published keys -----------------------------------------------------------------------------------


@asynccontextmanager
async def by_published_keys(
    project: Project, service: Make, provider: Provider, **section: Any
) -> AsyncIterator[Service]:
    """A service whose keys are published there."""
    keys = {"jwt_algorithm": "RS256", "jwks_url": f"{provider.url}/keys", **section}
    project.configure({NAME: keys}, lifecycle={}, **DEVELOPMENT)
    async with service() as running:
        yield running


async def test_whose_keys_cannot_be_had(project: Project, service: Make) -> None:
    provider = Provider({}, port=9)

    async with by_published_keys(project, service, provider) as running:
        await assert_missed(running, "cannot be reached")


async def test_whose_keys_are_too_old(project: Project, service: Make) -> None:
    with Provider(published(RSA)).serving() as provider:
        async with by_published_keys(project, service, provider) as running:
            running.chassis.plugins[NAME]._published._fetched -= 4000

            await assert_nobody_gets_in(running, 401, 503)


@pytest.mark.parametrize("outcome", ["killed", "cancelled"])
async def test_whose_task_has_ended(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    with Provider(published(RSA)).serving() as provider:
        fast = {"jwks_ttl": 0.01, "jwks_max_stale": 0.05}
        async with by_published_keys(project, service, provider, **fast) as running:
            plugin = running.chassis.plugins[NAME]
            if outcome == "killed":
                monkeypatch.setattr(plugin._published, "_fetch", fails)
                await until(lambda: running.states()[NAME] == "error")
                await assert_missed(running, "no keys")
            else:
                (task,) = plugin.context.tasks._running
                task.cancel()
                await until(lambda: not plugin._published.believed)
                await assert_nobody_gets_in(running, 401, 503)


# On the way down, and reloading -------------------------------------------------------------------


@pytest.mark.parametrize("move", ["disable", "stop", "unload"])
async def test_that_was_taken_away(project: Project, service: Make, move: str) -> None:
    configured(project)

    async with service() as running:
        refused = await running.managed(f"/plugins/{NAME}/disable", "POST")
        assert refused.status_code == 409
        await assert_guarded(running)

        await getattr(running.manager, move)(NAME, force=True)

        await assert_missed(running)


async def test_while_it_stops(
    project: Project, service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = anyio.Event()
    monkeypatch.setattr(JwtAuthentication, "stop", lambda self: go.wait())
    configured(project)

    async with service() as running:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: running.manager.stop(NAME, force=True))
            await until(lambda: running.states()[NAME] == "stopping")
            await assert_nobody_gets_in(running, 503)
            go.set()
        await assert_missed(running)


async def test_that_is_reloaded_with_a_section_that_does_not_fit(
    project: Project, service: Make
) -> None:
    configured(project)

    async with service() as running:
        for section in ({"jwt_secret": "short"}, {}, {**SECTION, "pathz": ["/x"]}):
            configured(project, section)
            running.manager.supervisor.configure(running.chassis.config.reread())
            answer = await running.managed(f"/plugins/{NAME}/reload", "POST")
            assert answer.status_code == 422
            assert "config.yaml:" in answer.text
            assert SECRET not in answer.text

            await assert_guarded(running)


@pytest.mark.usefixtures("short_time")
@pytest.mark.parametrize("way", ["swap", "exclusive"])
@pytest.mark.parametrize("trouble", [fails, hangs])
@pytest.mark.parametrize("method", ["initialize", "start"])
async def test_while_a_reload_fails(
    project: Project,
    service: Make,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    trouble: Any,
    way: str,
) -> None:
    project.configure({NAME: SECTION, "settings": {NAME: {"reload": way}}})

    async with service() as running:
        statuses: set[int] = set()
        done = anyio.Event()

        async def ask() -> None:
            while not done.is_set():
                statuses.add((await running.get(**bearer(exp=1))).status_code)
                await anyio.lowlevel.checkpoint()

        with monkeypatch.context() as patched:
            patched.setattr(JwtAuthentication, method, trouble)
            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                reloaded = await running.manager.reload(NAME)
                done.set()

        assert reloaded.rolled_back
        assert statuses <= {401, 503}
        assert running.application.asked == 0
        await until(lambda: running.states()[NAME] == "started" or way == "exclusive")
        if running.states()[NAME] == "started":
            await assert_guarded(running)
        else:
            await assert_missed(running)


async def test_whose_section_was_taken_out(project: Project, service: Make) -> None:
    """It has served once, so it is missed: a lost file must not open the doors."""
    configured(project)

    async with service() as running:
        project.configure()
        running.manager.supervisor.configure(running.chassis.config.reread())
        reloaded = await running.manager.reload(NAME)

        assert reloaded.rolled_back
        await assert_guarded(running)


async def test_whose_files_are_gone(project: Project, service: Make) -> None:
    """Copied into a plugin folder, as whoever changes it would do."""
    copied = project.root / "plugins" / "jwt_authentication"
    shutil.copytree(Path(authentication.__file__).parent, copied)
    configured(project)

    async with service() as running:
        assert str(copied) in running.status(NAME).source
        await assert_guarded(running)

        shutil.rmtree(copied)
        reloaded = await running.manager.reload(NAME)
        assert reloaded.rolled_back
        await assert_guarded(running)

        await running.manager.unload(NAME, force=True)
        await assert_missed(running)
