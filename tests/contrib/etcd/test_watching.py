"""How a service is followed: from a revision on, through compaction, and with nonsense in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.abc
import pytest
from loguru import logger

from marty_chassis.contrib.etcd import EtcdSettings
from marty_chassis.contrib.etcd.gateway import opened
from marty_chassis.contrib.registry import Away, Refused
from marty_hookspecs import ServiceInfo

from ..registries import coded, until


class Ear:
    """What is heard."""

    def __init__(self) -> None:
        self.heard: list[list[str]] = []
        self.marks: list[int] = []

    def __call__(self, services: Sequence[ServiceInfo], mark: int) -> None:
        self.heard.append(sorted(service["id"] for service in services))
        self.marks.append(mark)

    async def until(self, *ids: str) -> None:
        """Wait until these, and nothing else, are there."""
        await until(lambda: self.heard and self.heard[-1] == list(ids))


async def test_each_change_is_heard_in_its_order(etcd, gateway) -> None:
    ear = Ear()
    async with gateway() as ours, anyio.create_task_group() as following:
        following.start_soon(ours.follow, "db", ear)
        await ear.until()
        await etcd.enter("db", "db-1")
        await ear.until("db-1")
        await etcd.enter("db", "db-2")
        await etcd.enter("dbx", "other")
        await ear.until("db-1", "db-2")
        await etcd.remove("db", "db-1")
        await ear.until("db-2")
        following.cancel_scope.cancel()

    assert ear.marks == sorted(ear.marks)


async def test_what_happened_between_two_watches_is_not_missed(etcd, gateway) -> None:
    ear = Ear()
    async with gateway(wait=0.05) as ours, anyio.create_task_group() as following:
        following.start_soon(ours.follow, "db", ear)
        for number in range(1, 30):
            await etcd.enter("db", f"db-{number:02}")
        await ear.until(*(f"db-{number:02}" for number in range(1, 30)))
        following.cancel_scope.cancel()

    # It grew, and nothing that was there has been missing in between.
    assert [len(ids) for ids in ear.heard] == sorted(len(ids) for ids in ear.heard)


async def test_a_past_that_was_compacted_is_read_anew(etcd, gateway) -> None:
    ear = Ear()
    await etcd.enter("db", "db-1")
    async with gateway(wait=0.3) as ours, anyio.create_task_group() as following:
        following.start_soon(ours.follow, "db", ear)
        await ear.until("db-1")
        looks = _counting(ours)
        for _ in range(5):
            await etcd.enter("mail", "mail-1")
        revision = (await etcd.post("/v3/kv/range", {"key": "AA=="}))["header"]["revision"]
        await etcd.post("/v3/kv/compaction", {"revision": revision, "physical": True})
        await until(lambda: looks())
        await etcd.enter("db", "db-2")
        await ear.until("db-1", "db-2")
        following.cancel_scope.cancel()


def _counting(gateway: Any) -> Callable[[], int]:
    """How often everything was read since."""
    paths: list[str] = []
    call = gateway._http.call

    async def noting(method: str, path: str, **more: Any) -> Any:
        paths.append(path)
        return await call(method, path, **more)

    gateway._http.call = noting
    return lambda: paths.count("/v3/kv/range")


async def test_a_watch_breaks_off_when_etcd_dies_and_finds_all_when_it_is_back(
    etcd, gateway
) -> None:
    ear = Ear()
    broken: list[Away] = []
    await etcd.enter("db", "db-1")

    async def follow() -> None:
        try:
            await ours.follow("db", ear)
        except Away as error:
            broken.append(error)

    async with gateway() as ours, anyio.create_task_group() as following:
        following.start_soon(follow)
        await ear.until("db-1")
        etcd.go()
        await until(lambda: broken)
        etcd.come()
        await etcd.enter("db", "db-2")
        following.start_soon(follow)
        await ear.until("db-1", "db-2")
        following.cancel_scope.cancel()

    assert len(broken) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("hello", "Invalid JSON"),
        (json.dumps({"name": "db"}), "id: Field required"),
        (json.dumps({"name": "db", "id": "x", "port": 70000}), "port: Input should be less than"),
        (json.dumps({"name": "mail", "id": "x"}), "it is an instance of 'mail'"),
    ],
)
async def test_what_is_no_service_is_left_out_and_said(etcd, gateway, log, value, words) -> None:
    ear = Ear()
    await etcd.put(f"{etcd.prefix}/db/x", value)
    await etcd.enter("db", "db-1")
    async with gateway() as ours, anyio.create_task_group() as following:
        following.start_soon(ours.follow, "db", ear)
        await ear.until("db-1")
        await etcd.put(f"{etcd.prefix}/db/y", value)
        await etcd.enter("db", "db-2")
        await ear.until("db-1", "db-2")
        following.cancel_scope.cancel()

    for key in ("x", "y"):
        [line] = [one for one in log if f"/marty/services/db/{key}," in one]
        assert words in line
    assert coded(value) not in "".join(log)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"error": {"http_code": 403, "message": "permission denied"}}, "403.*permission denied"),
        ({"result": {"canceled": True, "cancel_reason": "quota exceeded"}}, "quota exceeded"),
        ({"results": {}}, "the answer cannot be read"),
    ],
)
async def test_a_watch_whose_last_line_comes_with_its_end_is_refused_for_what_that_says(
    line: dict[str, Any], words: str
) -> None:
    async def answer(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            async for asked in stream:
                is_look = b"/v3/kv/range" in asked
                body = json.dumps({"header": {"revision": "7"}} if is_look else line) + "\n"
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
                await stream.send((head + body).encode())
                if not is_look:
                    break

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as serving:
        serving.start_soon(listener.serve, answer)
        with pytest.raises(Refused, match=words):
            async with opened(EtcdSettings(address=f"127.0.0.1:{port}"), logger) as ours:
                await ours.follow("db", Ear())
        serving.cancel_scope.cancel()
