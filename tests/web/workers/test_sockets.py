"""Sockets: whose they are, what is no message, what is left of those that have ended."""

from __future__ import annotations

import json
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from marty_chassis.errors import WorkersApart
from marty_chassis.web.workers.folder import LONGEST, folder_for
from marty_chassis.web.workers.kin import key, kinship
from marty_chassis.web.workers.message import LIMIT, Order, Result, WorkerResult, decode, encode

from .conftest import Employ


async def test_nobody_else_may_use_them(employ: Employ) -> None:
    worker = await employ(11)

    folder, sock = worker.folder, worker.folder / "11.sock"

    assert folder.name.startswith("shop-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(sock.stat().st_mode) == 0o600


async def test_nothing_is_left_when_the_last_worker_has_gone(employ: Employ) -> None:
    one, two = await employ(11), await employ(12)
    folder = one.folder

    await one.close()
    left = [path.name for path in folder.iterdir()]
    await two.close()

    assert left == ["12.sock"]
    assert not folder.exists()


async def test_services_of_other_names_configurations_and_keys_do_not_meet(
    employ: Employ, tmp_path: Path
) -> None:
    workers = [
        await employ(11),
        await employ(12, service="bank"),
        await employ(13, configuration=tmp_path / "config.yaml"),
        await employ(14, MARTY_WORKERS_KEY="another key"),
    ]

    assert [worker.pids for worker in workers] == [(11,), (12,), (13,), (14,)]


async def test_two_services_of_one_name_in_each_process_do_not_meet(employ: Employ) -> None:
    shop, again = await employ(11), await employ(11)
    other, other_again = await employ(12), await employ(12)

    await shop.order()

    assert (other.hand.done, again.hand.done, other_again.hand.done) == (["reload mailer"], [], [])
    assert again.pids == (11, 12)


async def test_the_socket_of_a_worker_that_was_killed_is_removed(employ: Employ) -> None:
    worker = await employ(11)
    dead = worker.folder / "12.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left_behind:
        left_behind.bind(str(dead))

    results = await worker.order()

    assert [result.pid for result in results] == [11]
    assert not dead.exists()


async def test_what_a_process_of_the_same_number_has_left_behind_is_replaced(
    employ: Employ,
) -> None:
    folder = (await employ(11)).folder
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left_behind:
        left_behind.bind(str(folder / "12.sock"))

    worker = await employ(12)

    assert worker.pids == (11, 12)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\x00 garbage",
        b"{}",
        b'{"v": 2, "kind": "hello", "id": "a", "pid": 99}',
        b'{"v": 1, "kind": "dance", "id": "a", "pid": 99}',
        b'{"v": 1, "kind": "hello", "id": "a", "pid": 11}',
        b'{"v": 1, "kind": "hello", "id": "", "pid": 99}',
        b"[" * 50_000,
        json.dumps({"v": 1, "kind": "hello", "id": "a" * LIMIT, "pid": 99}).encode(),
    ],
)
async def test_garbage_is_ignored_and_counted(employ: Employ, data: bytes) -> None:
    one, two = await employ(11), await employ(12)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.bind(str(one.folder / "99.sock"))
        stranger.sendto(data, str(one.folder / "11.sock"))
        with anyio.fail_after(5):
            while not one.ignored:
                await anyio.sleep(0.01)

    assert one.ignored == 1
    assert len(await two.order()) == 2


async def test_a_message_from_outside_of_the_folder_is_ignored(
    employ: Employ, runtime: Path
) -> None:
    worker = await employ(11)
    order = Order(id="a", pid=99, number=1, action="disable", plugin="mailer")

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(encode(order), str(worker.folder / "11.sock"))
        stranger.bind(str(runtime / "99.sock"))
        stranger.sendto(encode(order), str(worker.folder / "11.sock"))
        with anyio.fail_after(5):
            while worker.ignored < 2:
                await anyio.sleep(0.01)

    assert worker.hand.done == []


async def test_a_worker_that_reads_nothing_is_named_and_holds_nobody_up(employ: Employ) -> None:
    worker = await employ(11, patience=0.5)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stopped:
        stopped.bind(str(worker.folder / "12.sock"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as flood:
            flood.setblocking(False)
            with suppress(BlockingIOError):
                for _ in range(100_000):
                    flood.sendto(b"x", str(worker.folder / "12.sock"))
        with anyio.fail_after(5):
            results = await worker.order()

    assert [(result.pid, result.ok) for result in results] == [(11, True), (12, False)]
    assert "does not read" in results[1].reason


def test_an_oversized_message_is_not_sent() -> None:
    message = Result(id="a", pid=1, result=WorkerResult(pid=1, ok=True, reason="x" * LIMIT))

    with pytest.raises(ValueError, match="65536 are the most"):
        encode(message)


def test_a_message_comes_back_as_it_was() -> None:
    order = Order(id="a", pid=99, number=3, action="enable", plugin="mäiler", force=True)

    assert decode(encode(order)) == order


# The folder ---------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of somebody else")
def test_a_folder_of_somebody_else_is_refused(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(runtime))
    (runtime / "marty-0").mkdir(0o700)
    os.chown(runtime / "marty-0", 12345, 12345)

    with pytest.raises(WorkersApart, match="belongs to the user 12345"):
        folder_for("shop", "key", {})


def test_a_folder_that_others_may_use_is_refused(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(runtime))
    base = runtime / f"marty-{os.geteuid()}"
    base.mkdir()
    base.chmod(0o755)

    with pytest.raises(WorkersApart, match=r"others may use it \(mode 755, not 700\)"):
        folder_for("shop", "key", {})


def test_a_link_in_the_place_of_the_folder_is_refused(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(runtime))
    (runtime / "elsewhere").mkdir(0o700)
    (runtime / f"marty-{os.geteuid()}").symlink_to(runtime / "elsewhere")

    with pytest.raises(WorkersApart, match="not a folder"):
        folder_for("shop", "key", {})


def test_a_long_name_is_left_out_and_a_long_path_is_not_used(runtime: Path) -> None:
    room = LONGEST - len("/marty/" + "k" * 16 + "/4194304.sock")
    deep = runtime / ("d" * (room - len(str(runtime)) - 1))
    deep.mkdir()
    deeper = deep / "e"
    deeper.mkdir()

    short = folder_for("shop", "k" * 16, {"XDG_RUNTIME_DIR": str(runtime)})
    without_name = folder_for("shop", "k" * 16, {"XDG_RUNTIME_DIR": str(deep)})
    elsewhere = folder_for("shop", "k" * 16, {"XDG_RUNTIME_DIR": str(deeper)})

    assert short.name == "shop-" + "k" * 16
    assert without_name == deep / "marty" / ("k" * 16)
    assert not elsewhere.is_relative_to(runtime)
    elsewhere.rmdir()


def test_where_every_path_is_too_long_that_is_said(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(runtime / ("d" * 100)))

    with pytest.raises(WorkersApart, match="103 bytes at most"):
        folder_for("shop", "key", {})


async def test_workers_that_cannot_hear_each_other_go_on_alone_and_say_so_once(
    employ: Employ, runtime: Path, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(runtime / "nowhere"))

    worker = await employ(11, XDG_RUNTIME_DIR="")

    assert worker.alone
    assert len(await worker.order()) == 1
    assert [line for line in log if "cannot hear each other" in line] == log


async def test_a_system_without_such_sockets_goes_on_alone_and_says_so_once(
    employ: Employ, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    monkeypatch.setattr("marty_chassis.web.workers.workers.AVAILABLE", False)

    worker = await employ(11)

    assert worker.alone
    assert log == ["WARNING workers cannot hear each other here: each is moved by itself"]


# Who belongs together -----------------------------------------------------------------------------


def test_a_process_that_nobody_started_as_a_worker_is_alone() -> None:
    assert kinship({}) is None
    assert kinship({"MARTY_WORKERS_KEY": " "}) is None
    assert kinship({"MARTY_WORKERS_KEY": "x"}) == b"x"


def test_a_key_depends_on_all_that_it_is_made_of() -> None:
    keys = {
        key(b"x", "shop", "config.yaml"),
        key(b"y", "shop", "config.yaml"),
        key(b"x", "bank", "config.yaml"),
        key(b"x", "shop", "other.yaml"),
        key(b"x", "shop", "config.yaml", 1),
        key(b"x", "sho", "pconfig.yaml"),
    }

    assert len(keys) == 6
    assert key(b"x", "shop", "config.yaml") in keys
    assert all(len(one) == 16 for one in keys)
