"""Moving plugins: what is done, what is refused, and that it is written down."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from marty_chassis.errors import LifecycleError, MailboxFull
from marty_chassis.plugins import IEventHandlerPlugin, IMiddlewarePlugin, IPlugin, plugin
from marty_chassis.web.management.audit import Attempt, Audit

from .conftest import VIEWER, Make


@plugin(name="mailer")
class Mailer(IPlugin):
    pass


@plugin(name="letters", dependencies=["mailer"])
class Letters(IPlugin):
    pass


@plugin(name="guard", required=True)
class Guard(IMiddlewarePlugin):
    async def process_request(self, request: Any, call_next: Any) -> Any:
        return await call_next(request)


@plugin(name="sick")
class Sick(IPlugin):
    async def start(self) -> None:
        raise RuntimeError("not today")


async def test_a_plugin_is_disabled_and_enabled_again(make: Make) -> None:
    service = await make(Mailer, Letters)

    disabled = await service.post("/plugins/mailer/disable")
    states = (await service.get("/plugins/status")).json()["states"]
    enabled = await service.post("/plugins/mailer/enable")

    assert disabled.status_code == 200
    assert disabled.json()["state"] == "disabled"
    assert states == {"disabled": 1, "blocked": 1}
    assert enabled.status_code == 200
    assert (enabled.json()["plugin"], enabled.json()["generation"]) == ("mailer", 2)
    assert (await service.get("/plugins/letters")).json()["state"] == "started"


async def test_a_reload_that_goes_well_is_counted(make: Make) -> None:
    service = await make(Mailer)

    response = await service.post("/plugins/mailer/reload")

    assert response.status_code == 200
    text = (await service.get("/metrics")).text
    assert 'marty_plugin_reloads_total{plugin="mailer"} 1.0' in text


@pytest.mark.parametrize("action", ["reload", "enable", "disable"])
async def test_an_unknown_plugin_is_not_moved(make: Make, action: str) -> None:
    service = await make(Mailer)

    response = await service.post(f"/plugins/mailers/{action}")

    assert response.status_code == 404
    assert "Did you mean 'mailer'?" in response.json()["detail"]


async def test_a_required_plugin_leaves_by_force_alone(make: Make) -> None:
    service = await make(Guard)

    for query in ("", "?force=false", "?force=No"):
        refused = await service.post(f"/plugins/guard/disable{query}")
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:marty:plugin-required"
    assert (await service.post("/plugins/guard/disable?force=perhaps")).status_code == 400
    forced = await service.post("/plugins/guard/disable?force=true")

    assert forced.status_code == 200
    assert (await service.get("/health/ready", None)).status_code == 503


async def test_a_plugin_that_does_not_start_is_a_conflict_with_its_reason(make: Make) -> None:
    service = await make(Sick)

    response = await service.post("/plugins/sick/enable")

    assert response.status_code == 409
    assert response.json()["state"] == "error"
    assert "not today" in response.json()["detail"]


async def test_a_busy_plugin_answers_what_is_under_way(make: Make) -> None:
    @plugin(name="slow")
    class Slow(IPlugin):
        async def stop(self) -> None:
            await anyio.sleep(0.1)

    service = await make(Slow)
    found: list[int] = []

    async def disable() -> None:
        found.append((await service.post("/plugins/slow/disable")).status_code)

    async with anyio.create_task_group() as group:
        group.start_soon(disable)
        group.start_soon(disable)

    assert sorted(found) == [200, 409]


@pytest.mark.parametrize(("kind", "status"), [(LifecycleError, 409)])
async def test_any_other_refusal_of_the_lifecycle_is_a_conflict(
    make: Make, monkeypatch: pytest.MonkeyPatch, kind: type[LifecycleError], status: int
) -> None:
    service = await make(Mailer)

    async def enable(name: str) -> None:
        raise kind("because")

    monkeypatch.setattr(service.supervisor, "enable", enable)
    response = await service.post("/plugins/mailer/enable")

    assert response.status_code == status
    assert response.json()["detail"] == "because"


# The audit ----------------------------------------------------------------------------------------


@plugin(name="witness")
class Witness(IEventHandlerPlugin):
    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def get_event_subscriptions(self) -> dict[str, str]:
        return {"management.*": "note"}

    async def note(self, event_data: dict[str, Any]) -> None:
        self.seen.append(event_data)


async def test_each_attempt_is_an_event_and_a_log_line(make: Make, log: list[str]) -> None:
    witness = Witness()
    service = await make(Mailer, witness)

    await service.post("/plugins/mailer/disable")
    await service.post("/plugins/mailer/disable", VIEWER)
    await service.post("/plugins/mailer/disable", None)
    await service.post("/plugins/mailer/disable", "a-guess")
    await service.post("/plugins/mailer/enable", **{"sec-fetch-site": "cross-site"})
    await service.post("/plugins/nobody/enable")
    await service.manager.event_bus.drain(1)

    assert [
        (a["action"], a["role"], a["outcome"], a["status"], a["type"]) for a in witness.seen
    ] == [
        ("disable", "operator", "done", 200, ""),
        ("disable", "viewer", "refused", 403, "operator-needed"),
        ("disable", "nobody", "refused", 401, "token-needed"),
        ("disable", "nobody", "refused", 401, "wrong-token"),
        ("enable", "operator", "refused", 403, "cross-site"),
        ("enable", "operator", "failed", 404, "unknown-plugin"),
    ]
    lines = [line for line in log if line.startswith("management: ")]
    assert len(lines) == 6
    assert "asked to disable 'mailer': done, 200 {'plugin'" in lines[0]
    said = f"{lines} {witness.seen}"
    for token in ("the-operators-token", VIEWER, "a-guess"):
        assert token not in said


async def test_looking_is_not_audited(make: Make, log: list[str]) -> None:
    witness = Witness()
    service = await make(Mailer, witness)

    await service.get("/plugins/mailer")
    await service.get("/plugins/mailer/disable")

    assert not [line for line in log if line.startswith("management: ")]


async def test_a_name_from_the_address_stays_in_its_line(make: Make, log: list[str]) -> None:
    service = await make(Mailer)

    await service.post("/plugins/x%0Amanagement: all is well {0} {plugin}/disable", None)
    await service.post(f"/plugins/{'y' * 5000}/disable", None)

    first, second = [line for line in log if line.startswith("management: ")]
    assert r"asked to disable 'x\nmanagement: all is well {0} {plugin}': refused" in first
    assert len(second) < 500


async def test_a_request_that_is_broken_off_is_written_down_too(
    make: Make, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    service = await make(Mailer)

    async def disable(name: str, *, force: bool) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(service.supervisor, "disable", disable)
    with anyio.move_on_after(0.05):
        await service.post("/plugins/mailer/disable")

    assert [line for line in log if "asked to disable 'mailer': failed, 0" in line]


async def test_a_full_mailbox_keeps_no_answer_back(log: list[str]) -> None:
    class Full:
        async def publish(self, type: str, data: Any = None, **more: Any) -> object:
            raise MailboxFull(type, [("witness", "management.*")], size=1, seconds=1)

    attempt = Attempt("disable", "mailer", "operator", "here", 200, "")

    await Audit(Full()).publish(attempt)
    await Audit(None).publish(attempt)

    assert "did not reach everybody" in log[0]
