"""What workers write down for each other, and what stays of those that have ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from marty_chassis.web.workers import Noted
from marty_chassis.web.workers.notes import Notes

from .conftest import Employ, Worker


class Counting:
    """Writes down a number, and adds up those of others."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.hangs = False

    async def write(self) -> bytes:
        if self.hangs:
            await anyio.sleep_forever()
        return json.dumps(self.number).encode()

    def merge(self, gone: Sequence[bytes]) -> bytes:
        return json.dumps(sum(json.loads(note) for note in gone)).encode()


class Noter(Worker):
    scribe: Counting


async def noter(employ: Employ, pid: int, number: int) -> Noter:
    worker = await employ(pid, begin=False)
    await worker.close()
    worker.scribe = Counting(number)
    await worker.open("shop", None)
    await worker.begin()
    return worker  # type: ignore[return-value]


async def noted(worker: Worker) -> Noted:
    found = await worker.noted()
    assert found is not None
    return found


def total(found: Noted) -> int:
    notes = [*found.living.values(), *([found.gone] if found.gone else [])]
    return sum(json.loads(note) for note in notes)


async def test_whoever_asks_reads_what_all_have_just_written(employ: Employ) -> None:
    one, two = await noter(employ, 11, 1), await noter(employ, 12, 10)

    first = await noted(one)
    two.scribe.number = 20
    second = await noted(one)

    assert first == Noted({11: b"1", 12: b"10"}, frozenset({11, 12}), None)
    assert second.living[12] == b"20"
    assert total(await noted(two)) == 21


async def test_a_worker_that_is_alone_has_nothing_to_read(employ: Employ) -> None:
    worker = await employ(11, MARTY_WORKERS_KEY="")

    assert await worker.noted() is None


async def test_what_one_wrote_that_has_left_stays_and_with_the_last_one_goes(
    employ: Employ, runtime: Path
) -> None:
    one, two = await noter(employ, 11, 1), await noter(employ, 12, 10)
    two.scribe.number = 15

    await two.close()
    found = await noted(one)
    again = await noted(one)

    assert found == again == Noted({11: b"1"}, frozenset({11}), b"15")
    await one.close()
    assert [path for path in runtime.rglob("*") if path.is_file()] == []


async def test_what_one_wrote_that_was_killed_is_what_it_wrote_last(employ: Employ) -> None:
    one, two, three = [await noter(employ, pid, 1) for pid in (11, 12, 13)]
    await noted(one)
    two.scribe.number = three.scribe.number = 5

    for worker in (two, three):
        kill(worker)

    assert await noted(one) == Noted({11: b"1"}, frozenset({11}), b"2")


async def test_one_with_the_number_of_a_dead_one_does_not_write_over_it(employ: Employ) -> None:
    one, two = await noter(employ, 11, 1), await noter(employ, 12, 10)
    await noted(one)
    kill(two)

    await noter(employ, 12, 100)

    assert await noted(one) == Noted({11: b"1", 12: b"100"}, frozenset({11, 12}), b"10")


async def test_one_that_does_not_answer_is_there_with_what_it_wrote_before(
    employ: Employ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marty_chassis.web.workers.noting.SOON", 0.05)
    one, two = await noter(employ, 11, 1), await noter(employ, 12, 10)
    await noted(one)

    two.scribe.hangs = True

    assert await noted(one) == Noted({11: b"1", 12: b"10"}, frozenset({11}), None)


async def test_what_has_been_added_up_is_not_added_again_where_one_was_interrupted(
    tmp_path: Path,
) -> None:
    notes = Notes(tmp_path, 11, Counting(0))
    notes.write(b"1")
    (tmp_path / "12.note").write_bytes(b"10")
    notes.read(is_first, [11])
    (tmp_path / "12.note").write_bytes(b"10")  # As if it had not come to take it away.
    (tmp_path / "13.note").write_bytes(b"100")

    assert notes.read(is_first, [11]) == Noted({11: b"1"}, frozenset({11}), b"110")
    assert notes.read(is_first, [11]).gone == b"110"
    assert sorted(path.name for path in tmp_path.glob("*.note")) == ["11.note"]


async def test_where_nothing_can_be_written_there_is_nothing_to_read_and_a_warning(
    employ: Employ, log: list[str]
) -> None:
    one, _ = await noter(employ, 11, 1), await noter(employ, 12, 10)
    (one.folder / "11.new").mkdir()

    assert await one.noted() is None
    assert "WARNING this worker and the others cannot read each other's notes" in "".join(log)
    (one.folder / "11.new").rmdir()


async def test_where_nothing_can_be_read_there_is_a_warning(employ: Employ, log: list[str]) -> None:
    one, _ = await noter(employ, 11, 1), await noter(employ, 12, 10)
    (one.folder / "gone.all").mkdir()

    assert await one.noted() is None
    assert "WARNING this worker and the others cannot read each other's notes" in "".join(log)
    (one.folder / "gone.all").rmdir()
    assert "Notes" in repr(one._noting)


def is_first(pid: int) -> bool:
    return pid == 11


def kill(worker: Worker) -> None:
    """End it as a signal does: its socket and its note stay."""
    assert worker._talk is not None
    worker._talk.wire._socket.close()
    worker._talk = worker._noting = None
    for task in worker._tasks:
        task.cancel()
