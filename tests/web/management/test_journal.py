"""The journal: numbered, bounded, and nobody is waited for."""

from __future__ import annotations

import json

import anyio
import pytest

from marty_chassis.lifecycle import State
from marty_chassis.lifecycle.status import Moved
from marty_chassis.web.management.journal import Journal
from marty_chassis.web.management.views import move_json


def texts(journal: Journal, number: int) -> list[str]:
    return [entry.data for entry in journal.after(number)]


def test_a_reader_gets_what_is_newer_than_its_place() -> None:
    journal = Journal()
    for text in "abc":
        journal.note("move", text)

    assert texts(journal, 0) == ["a", "b", "c"]
    assert texts(journal, 2) == ["c"]
    assert texts(journal, 3) == []
    assert texts(journal, 99) == []


def test_a_reason_that_no_json_can_hold_is_a_move_all_the_same() -> None:
    moved = Moved("mailer", State.STARTING, State.ERROR, 0.0, reason="it found \ud800")

    assert json.loads(move_json(moved))["reason"] == r"it found \ud800"


def test_only_the_newest_are_kept() -> None:
    journal = Journal(kept=2)
    for text in "abcd":
        journal.note("move", text)

    assert texts(journal, 0) == ["c", "d"]
    assert [entry.number for entry in journal.after(0)] == [3, 4]
    assert repr(journal).endswith(": 2 of 4 moves>")


@pytest.mark.parametrize("id", ["", "-", "7", "elsewhere-7", "{word}-", "{word}--1", "{word}-x"])
def test_an_id_of_another_journal_is_known_to_be_foreign(id: str) -> None:
    journal = Journal()
    word = journal.id(0).partition("-")[0]

    assert journal.number(journal.id(7)) == 7
    assert journal.number(id.replace("{word}", word)) is None
    assert Journal().number(journal.id(7)) is None


async def test_a_reader_is_woken_by_an_entry_and_by_the_end() -> None:
    journal = Journal()
    woken: list[int] = []

    async def read() -> None:
        while not journal.closed:
            await journal.rings(5)
            woken.append(journal.last)

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        group.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        journal.note("move", "a")
        await anyio.wait_all_tasks_blocked()
        journal.close()

    assert woken == [1, 1, 1, 1]


async def test_a_reader_waits_no_longer_than_it_wants() -> None:
    with anyio.fail_after(1):
        await Journal().rings(0.01)
