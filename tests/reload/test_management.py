"""`POST /plugins/{name}/reload`: what it answers, and who may ask."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest

from marty_chassis.plugins import IEventHandlerPlugin, plugin

from .works import Works, until

FIELDS = {
    "plugin", "generation", "cascade", "code_reloaded", "require_restart", "rolled_back", "reason",
    "duration_ms", "draining", "worker", "sha256",
}  # fmt: skip


async def test_a_reload_answers_200_after_the_swap(works: Works) -> None:
    works.write("a", "1")
    works.write("user", "1", says="dependencies=['a']")
    await works.start()
    works.write("a", "2")

    answer = await works.post("/plugins/A/reload")

    assert answer.status_code == 200
    said = answer.json()
    assert said.keys() >= FIELDS
    assert (said["plugin"], said["generation"], said["cascade"]) == ("a", 2, ["user"])
    assert (said["code_reloaded"], said["rolled_back"], said["reason"]) == (True, False, "")
    assert await works.stamps() == {"a": "2", "user": "1"}


async def test_one_that_is_taken_back_answers_422_with_the_same_fields(works: Works) -> None:
    works.write("a", "1")
    await works.start()
    works.write_text("a", "class (")

    answer = await works.post("/plugins/a/reload")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said.keys() >= FIELDS | {"type", "title", "status", "detail"}
    assert said["type"] == "urn:marty:rolled-back"
    assert said["rolled_back"]
    assert "a.py:1: SyntaxError" in said["reason"]
    assert said["reason"] in said["detail"]
    assert await works.stamps() == {"a": "1"}


async def test_what_cannot_be_is_a_problem(works: Works) -> None:
    works.write("a", "1")
    await works.start()
    await works.chassis.plugin_manager.disable("a", force=True)

    answers = {
        path: (await works.post(path)).status_code
        for path in ("/plugins/b/reload", "/plugins/a/reload", "/plugins/a/reload?wait=for+ever")
    }
    cross = await works.post("/plugins/a/reload", **{"sec-fetch-site": "cross-site"})

    assert list(answers.values()) == [404, 409, 400]
    assert cross.status_code == 403


async def test_a_client_who_leaves_changes_nothing(works: Works) -> None:
    works.witness.events["gate"] = anyio.Event()
    works.write("a", "1")
    await works.start()
    works.write("a", "2", "async def start(self): await witness.events['gate'].wait()")

    with anyio.move_on_after(0.05):
        await works.post("/plugins/a/reload")
    assert works.unit("a").busy is not None
    works.witness.events["gate"].set()

    await until(lambda: works.unit("a").busy is None)
    works.assert_whole(a="2")


async def test_each_attempt_is_audited(works: Works) -> None:
    @plugin(name="witness")
    class Witness(IEventHandlerPlugin):
        def get_event_subscriptions(self) -> dict[str, str]:
            return {"management.*": "note"}

        async def note(self, event_data: dict[str, Any]) -> None:
            works.log.append((event_data["action"], event_data["outcome"], event_data["status"]))

    works.write("a", "1")
    await works.start(Witness)
    await works.post("/plugins/a/reload")
    works.write_text("a", "class (")
    await works.post("/plugins/a/reload")
    await works.chassis.plugin_manager.event_bus.drain(1)

    told = [what for what in works.log if what[0] == "reload"]
    assert told == [("reload", "done", 200), ("reload", "failed", 422)]


async def test_a_broken_middleware_does_not_keep_its_own_reload_out(works: Works) -> None:
    works.write("a", "1", "async def process_request(self, request, call_next): raise ValueError")
    await works.start()
    assert (await works.get()).status_code == 500
    works.write("a", "2")

    assert (await works.post("/plugins/a/reload")).status_code == 200

    assert await works.stamps() == {"a": "2"}


@pytest.mark.parametrize("wait", ["", "?wait=swap", "?wait=drain"])
async def test_the_journal_tells_the_swap(works: Works, wait: str) -> None:
    works.write("a", "1")
    await works.start()
    seen = (await works.ask("/plugins/status"))["last_event_id"]
    found: list[httpx2.Response] = []

    async def follow() -> None:
        async with works.client() as client:
            found.append(
                await client.get("/-/marty/plugins/events", headers={"last-event-id": seen})
            )

    async with anyio.create_task_group() as group:
        group.start_soon(follow)
        assert (await works.post(f"/plugins/a/reload{wait}")).status_code == 200
        await anyio.sleep(0.01)
        works.chassis.closing()

    assert '"plugin":"a","before":"started","after":"started"' in found[0].text
    assert "generation 2 serves" in found[0].text
