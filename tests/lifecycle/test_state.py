"""The table of states: no path leads nowhere, and no move is made that it does not allow."""

from __future__ import annotations

import pytest

from marty_chassis.discovery.candidate import Candidate, Source
from marty_chassis.errors import WrongMove
from marty_chassis.lifecycle import Moved, State
from marty_chassis.lifecycle.state import AT_REST, FOLLOWS
from marty_chassis.lifecycle.unit import Unit
from marty_hookspecs import PluginMetadata


def reachable(start: State) -> set[State]:
    found, todo = {start}, [start]
    while todo:
        new = FOLLOWS[todo.pop()] - found
        found |= new
        todo += new
    return found


def test_the_table_has_a_row_for_each_state_and_a_sentence_on_each() -> None:
    assert FOLLOWS.keys() == set(State)


@pytest.mark.parametrize("state", State)
def test_no_path_leaves_a_state_unreachable_or_without_an_end(state: State) -> None:
    assert state in reachable(State.DISCOVERED)
    assert State.UNLOADED in reachable(state)
    if state is not State.UNLOADED:
        assert State.STARTED in reachable(state)


@pytest.mark.parametrize("state", [state for state in State if state not in AT_REST])
def test_only_what_is_at_rest_can_be_forgotten(state: State) -> None:
    assert State.UNLOADED not in FOLLOWS[state]
    assert not state.at_rest


def test_a_move_is_told_and_one_that_the_table_does_not_have_is_refused() -> None:
    told: list[Moved] = []
    candidate = Candidate("audit", PluginMetadata("audit"), Source("folder", "audit.py"))
    unit = Unit(candidate, frozenset())

    unit.move(State.LOADED, told.append)
    unit.move(State.LOADED, told.append, reason="still")

    assert [str(one) for one in told] == ["audit: discovered -> loaded"]
    assert unit.reason == "still"
    with pytest.raises(WrongMove, match="from loaded to started"):
        unit.move(State.STARTED, told.append)
