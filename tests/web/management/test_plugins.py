"""What is said about plugins, and what is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from marty_chassis.errors import PluginNotReady
from marty_chassis.plugins import IHealthPlugin, IMiddlewarePlugin, IPlugin, plugin
from marty_chassis.web.management.models import PluginDetail, PluginsView
from marty_hookspecs import hookimpl

from .conftest import VIEWER, Make, Service


@plugin(name="audit", version="1.2.3", description="Writes down.", author="A. Uthor")
class Audit(IPlugin):
    @hookimpl(priority=10)
    async def service_pre_register(self, service_info: Any) -> Any:
        return service_info


@plugin(name="broken", version="0.1", dependencies=["audit"])
class Broken(IPlugin):
    async def start(self) -> None:
        raise RuntimeError("no such table")


@plugin(name="behind", dependencies=["broken"])
class Behind(IPlugin):
    pass


@plugin(name="early")
class Early(IPlugin):
    async def initialize(self, context: Any) -> None:
        raise PluginNotReady("the database sleeps", retry_after=50)


@plugin(name="guard", required=True)
class Guard(IMiddlewarePlugin):
    async def process_request(self, request: Any, call_next: Any) -> Any:
        return await call_next(request)

    async def start(self) -> None:
        raise RuntimeError("no key")


@pytest.mark.parametrize("token", ["the-operators-token", VIEWER])
async def test_the_status_has_every_plugin_with_its_state_and_reason(
    make: Make, token: str
) -> None:
    service = await make(Audit, Broken, Behind, Early)

    response = await service.get("/plugins/status", token)

    assert response.status_code == 200
    view = PluginsView.model_validate_json(response.content)
    rows = {row.name: row for row in view.plugins}
    assert view.service.name == "marty-service"
    assert view.service.worker == os.getpid()
    assert view.ready
    assert view.missing == []
    assert view.states == {"started": 1, "error": 1, "blocked": 1, "retrying": 1}
    assert (rows["audit"].version, rows["audit"].author) == ("1.2.3", "A. Uthor")
    assert rows["audit"].generation == 1
    assert rows["broken"].phase == "start"
    assert "no such table" in rows["broken"].reason
    assert rows["behind"].blocked_by == ["broken"]
    assert rows["early"].next_try is not None
    assert "the database sleeps" in rows["early"].reason


async def test_the_status_names_the_required_plugins_that_are_missing(make: Make) -> None:
    service = await make(Guard, plugins={"entry_points": "none", "required": ["absent"]})

    view = PluginsView.model_validate_json((await service.get("/plugins/status")).content)

    assert not view.ready
    assert {one.name: one.state for one in view.missing} == {"absent": None, "guard": "error"}


async def test_one_plugin_is_shown_whole(make: Make) -> None:
    service = await make(Audit, Broken)

    audit = PluginDetail.model_validate_json((await service.get("/plugins/audit")).content)
    broken = PluginDetail.model_validate_json((await service.get("/plugins/broken")).content)

    assert [(h.point, h.place, h.of) for h in audit.hooks] == [("service.pre_register", 1, 1)]
    assert audit.hooks[0].reason == "priority 10"
    assert audit.left == []
    assert broken.faults == 1
    assert broken.recent_faults[0].kind == "RuntimeError"
    assert "test_plugins.py" in broken.recent_faults[0].traceback


@pytest.mark.parametrize("written", ["Audit", "AUDIT", "audit"])
async def test_a_name_is_folded(make: Make, written: str) -> None:
    service = await make(Audit)

    assert (await service.get(f"/plugins/{written}")).json()["name"] == "audit"


@pytest.mark.parametrize("path", ["/plugins/audits", "/plugins/audits/health"])
async def test_an_unknown_plugin_is_a_problem_that_suggests_one(make: Make, path: str) -> None:
    service = await make(Audit)

    response = await service.get(path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:marty:unknown-plugin"
    assert response.json()["status"] == 404
    assert "Did you mean 'audit'?" in response.json()["detail"]


@pytest.mark.parametrize("name", ["%00", "...", "a__b", "%F0%9F%92%A9", "a" * 5000, "{0}", "%0A"])
async def test_a_name_that_no_plugin_can_have_is_unknown(make: Make, name: str) -> None:
    service = await make(Audit)

    response = await service.get(f"/plugins/{name}/health")

    assert response.status_code == 404


async def test_secrets_of_the_configuration_are_in_no_answer(
    make: Make, tmp_path: Path, log: list[str]
) -> None:
    service = await make(
        Audit,
        Broken,
        plugins={
            "entry_points": "none",
            "audit": {"api_key": "hush-1", "dsn": "postgres://me:hush-2@db/x", "level": 3},
            "settings": {"audit": {"priority": 7}},
        },
    )

    texts = [await text(service, path) for path in SHOWN]
    audit = PluginDetail.model_validate_json((await service.get("/plugins/audit")).content)

    assert [
        (row.key, row.value, row.origin) for row in audit.configuration if row.origin != "default"
    ] == [
        ("plugins.settings.audit.priority", 7, "argument"),
        ("plugins.audit.api_key", "***", "argument"),
        ("plugins.audit.dsn", "postgres://me:***@db/x", "argument"),
        ("plugins.audit.level", 3, "argument"),
    ]
    for shown in ("".join(texts), "".join(log)):
        for secret in ("hush-1", "hush-2", "the-operators-token", "the-viewers-token"):
            assert secret not in shown


async def test_a_plugin_that_repeats_a_secret_is_not_repeated(make: Make) -> None:
    @plugin(name="talks", version="1.0.0")
    class Talks(IHealthPlugin):
        async def initialize(self, context: Any) -> None:
            self.key = context.get_config("api_key")
            if not context.get_config("well"):
                raise PluginNotReady(f"{self.key} is not accepted", retry_after=50)

        async def check_health(self) -> Any:
            return {"healthy": False, "note": [f"with {self.key}"]}

        @hookimpl
        async def metrics_collect(self) -> Any:
            raise RuntimeError(self.key)

    sections = {"api_key": "hush-hush"}
    poor = await make(Talks, plugins={"entry_points": "none", "talks": sections})
    good = await make(Talks, plugins={"entry_points": "none", "talks": {**sections, "well": 1}})

    for service in (poor, good):
        enabled = await service.post("/plugins/talks/enable")
        last = (await service.get("/plugins/status")).json()["last_event_id"]
        texts = [await text(service, path.replace("audit", "talks")) for path in SHOWN]
        service.management.drain()
        first = f"{last.partition('-')[0]}-0"
        journal = await service.get("/plugins/events", **{"last-event-id": first})

        shown = "".join([*texts, enabled.text, journal.text])
        assert "***" in shown
        assert "hush-hush" not in shown


SHOWN = [
    "/plugins/status",
    "/plugins/audit",
    "/plugins/broken",
    "/plugins/audit/health",
    "/plugins/metrics",
    "/metrics",
    "/extension-points",
    "/health",
    "/openapi.json",
]


async def text(service: Service, path: str) -> str:
    return (await service.get(path)).text


async def test_everything_is_answered_when_every_plugin_has_failed(make: Make) -> None:
    @plugin(name="nothing-works")
    class NothingWorks(IMiddlewarePlugin):
        async def process_request(self, request: Any, call_next: Any) -> Any:
            raise RuntimeError("every request")

        @hookimpl
        async def health_check(self) -> Any:
            raise SystemExit

        @hookimpl
        async def metrics_collect(self) -> Any:
            raise BaseException("nothing")

        @hookimpl
        def metrics_describe(self) -> Any:
            return 7

    service = await make(NothingWorks, Broken, Guard, Behind)

    for path in SHOWN:
        path = path.replace("audit", "nothing-works")
        response = await service.get(path)
        assert response.status_code in (200, 503), path
    assert (await service.get("/plugins/nothing-works/health")).status_code == 503
    assert (await service.get("/health/live")).status_code == 200
    assert (await service.post("/plugins/nothing-works/disable?force")).status_code == 200


async def test_it_answers_before_anything_runs(make: Make) -> None:
    service = await make(Audit, start=False)

    assert (await service.get("/plugins/status")).json()["states"] == {"discovered": 1}
    assert (await service.get("/health/live")).status_code == 200
    assert (await service.get("/health/ready")).status_code == 503
    assert (await service.post("/plugins/audit/disable")).status_code == 200


async def test_a_mistake_of_ours_is_a_problem_without_details(
    make: Make, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    service = await make(Audit)

    def mistake() -> None:
        secret = "the value of a variable"
        raise ZeroDivisionError(len(secret))

    monkeypatch.setattr(service.supervisor, "status", mistake)
    response = await service.get("/plugins/status")

    assert response.status_code == 500
    assert response.json()["title"] == "Internal Server Error"
    assert "ZeroDivisionError" not in response.text
    assert "ZeroDivisionError" in "".join(log)
    assert "the value of a variable'" not in "".join(log)


async def test_a_request_here_holds_no_lease_and_counts_as_none(make: Make) -> None:
    seen: list[int] = []

    @plugin(name="looks")
    class Looks(IPlugin):
        @hookimpl
        async def metrics_collect(self) -> dict[str, float]:
            seen.append(service.manager.current.lease.count)
            return {}

    service = await make(Looks)
    await service.get("/plugins/metrics")

    assert seen == [0]
