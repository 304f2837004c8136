"""What was opened is undone in reverse order, by whoever still owns it."""

from __future__ import annotations

import pytest

from marty_chassis.errors import PluginGone
from marty_chassis.lifecycle import Ledger, Owners


def nothing() -> None:
    return None


def test_the_last_entry_is_undone_first() -> None:
    ledger = Ledger("audit")
    ledger.enter("task", nothing)
    ledger.enter("subscription", nothing, id="user.*")

    last = ledger.last()
    assert last is not None
    assert last.id == "subscription user.*"
    last.strike()

    assert ledger.pending() == ("task 1",)
    assert repr(ledger) == "<Ledger of audit: task 1>"


def test_an_id_that_is_entered_again_replaces_the_first() -> None:
    ledger = Ledger("audit")
    ledger.enter("resources", nothing, id="")
    ledger.enter("task", nothing)
    ledger.enter("resources", nothing, id="")

    assert ledger.pending() == ("task 1", "resources")


def test_what_the_next_generation_holds_under_a_shared_key_stays() -> None:
    owners = Owners()
    old, new, other = Ledger("consul", owners), Ledger("consul", owners), Ledger("etcd", owners)
    old.enter("service", nothing, id="billing-1", shared=True)
    old.enter("service", nothing, id="billing-2", shared=True)
    other.enter("service", nothing, id="billing-1", shared=True)

    new.enter("service", nothing, id="billing-1", shared=True)

    assert old.pending() == ("service billing-2",)
    assert new.pending() == other.pending() == ("service billing-1",)
    last = old.last()
    assert last is not None
    assert last.id == "service billing-2"
    last.strike()
    assert old.last() is None
    assert len(owners) == 2
    owned = new.last()
    assert owned is not None
    assert owned.id == "service billing-1"


def test_a_generation_that_is_taken_back_gives_its_shared_keys_back() -> None:
    owners = Owners()
    old, new = Ledger("consul", owners), Ledger("consul", owners)
    old.enter("service", nothing, id="billing-1", shared=True)
    new.enter("service", nothing, id="billing-1", shared=True)

    assert new.last() is None

    assert new.pending() == ()
    assert old.pending() == ("service billing-1",)
    last = old.last()
    assert last is not None
    last.strike()
    assert not len(owners)


def test_everything_else_belongs_to_its_run_whatever_it_is_called() -> None:
    owners = Owners()
    old, new = Ledger("audit", owners), Ledger("audit", owners)
    for ledger in (old, new):
        ledger.enter("resources", nothing, id="")
        ledger.enter("task", nothing, id="ticker #1")
        ledger.enter("lock", nothing)

    for ledger in (old, new):
        assert ledger.pending() == ("resources", "task ticker #1", "lock 1")
        undone = []
        while (entry := ledger.last()) is not None:
            undone.append(entry.id)
            entry.strike()
        assert undone == ["lock 1", "task ticker #1", "resources"]


def test_what_could_not_be_undone_stays_pending_and_is_not_tried_again() -> None:
    ledger = Ledger("audit")
    ledger.enter("task", nothing)
    stuck = ledger.enter("socket", nothing)

    stuck.give_up()

    assert ledger.pending() == ("task 1", "socket 2")
    last = ledger.last()
    assert last is not None
    assert last.id == "task 1"
    stuck.strike()
    assert ledger.pending() == ("task 1",)


def test_a_closed_ledger_takes_nothing_more() -> None:
    ledger = Ledger("audit")
    ledger.close()

    with pytest.raises(PluginGone, match="this run of plugin 'audit' is over"):
        ledger.enter("task", nothing)
