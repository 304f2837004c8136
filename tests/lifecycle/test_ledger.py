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


def test_what_the_next_generation_holds_under_the_same_key_stays() -> None:
    owners = Owners()
    old, new, other = Ledger("consul", owners), Ledger("consul", owners), Ledger("etcd", owners)
    old.enter("service", nothing, id="billing-1")
    old.enter("service", nothing, id="billing-2")
    other.enter("service", nothing, id="billing-1")

    new.enter("service", nothing, id="billing-1")

    assert old.pending() == ("service billing-2",)
    assert new.pending() == other.pending() == ("service billing-1",)
    last = old.last()
    assert last is not None
    assert last.id == "service billing-2"
    last.strike()
    assert old.last() is None
    assert len(owners) == 2


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
