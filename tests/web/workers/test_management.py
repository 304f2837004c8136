"""The management API of a service of several workers: one answer for all of them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from marty_chassis.web.workers import Order, WorkerResult

from .conftest import Employ, Worker
from .managed import managed
from .processes import OPEN, write_plugin


@pytest.fixture
async def other(employ: Employ) -> Worker:
    """The other worker of this service; its plugins are not real."""
    return await employ(12)


@pytest.fixture
async def client(
    tmp_path: Path, environ: dict[str, str], other: Worker
) -> AsyncIterator[httpx2.AsyncClient]:
    """The management API of a real one."""
    (tmp_path / "plugins").mkdir()
    write_plugin(tmp_path, "one", OPEN)
    async with managed(environ, directories=[tmp_path / "plugins"]) as client:
        yield client


async def test_the_answer_has_every_worker(
    client: httpx2.AsyncClient, other: Worker, tmp_path: Path
) -> None:
    write_plugin(tmp_path, "two", OPEN)

    reloaded = await client.post("/plugins/headers/reload")
    drained = await client.post("/plugins/headers/reload?wait=drain")
    disabled = await client.post("/plugins/headers/disable?force=yes")
    status = await client.get("/plugins/status")

    assert [len(one.json()["workers"]) for one in (reloaded, drained, disabled)] == [2, 2, 2]
    assert [one.status_code for one in (reloaded, drained, disabled)] == [200, 200, 200]
    assert drained.json()["draining"] == 0
    assert other.hand.done == ["reload headers", "reload headers", "disable headers"]
    assert status.json()["service"]["workers"] == [11, 12]


async def test_a_worker_that_is_not_as_it_was_ordered_is_a_conflict_and_named(
    client: httpx2.AsyncClient, other: Worker
) -> None:
    async def roll_back(order: Order) -> WorkerResult:
        reason = "it wants a-secret-token"
        return WorkerResult(pid=12, ok=False, rolled_back=True, generation=1, reason=reason)

    other.hand.act = roll_back
    response = await client.post("/plugins/headers/reload")

    problem = response.json()
    assert response.status_code == 409
    assert problem["type"] == "urn:marty:workers-differ"
    assert problem["detail"].startswith(
        "plugin 'headers': reload was done here, and not in 1 of 2 workers. Worker 12: it wants"
    )
    assert (problem["generation"], problem["workers"][1]["rolled_back"]) == (2, True)
    assert "a-secret-token" not in response.text


async def test_without_their_folder_nothing_is_moved_and_it_is_said_why(
    client: httpx2.AsyncClient, environ: dict[str, str]
) -> None:
    shutil.rmtree(environ["XDG_RUNTIME_DIR"])

    for move in ("reload", "disable", "enable"):
        response = await client.post(f"/plugins/headers/{move}")

        problem = response.json()
        assert response.status_code == 503
        assert problem["type"] == "urn:marty:workers-apart"
        assert "no such file or directory. Nothing was moved" in problem["detail"]
    assert (await client.get("/plugins/headers")).json()["state"] == "started"


async def test_what_is_refused_here_is_refused_as_ever(
    client: httpx2.AsyncClient, other: Worker, tmp_path: Path
) -> None:
    unknown = await client.post("/plugins/header/enable")
    (tmp_path / "plugins/headers.py").write_text("def broken(:")
    rolled_back = await client.post("/plugins/headers/reload?wait=drain")

    assert unknown.status_code == 404
    assert rolled_back.status_code == 422
    assert len(rolled_back.json()["workers"]) == 1
    assert other.hand.done == []
