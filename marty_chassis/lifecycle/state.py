"""The states of a plugin and what may follow what.

    DISCOVERED ─> LOADED ─> INITIALIZING ─> INITIALIZED ─> STARTING ─> STARTED
                                                                          │
    UNLOADED <───────────────────── STOPPED <───────── STOPPING <─────────┘

Beside that way: ERROR, BLOCKED, RETRYING, DISABLED, QUARANTINED. Only `Unit.move` changes a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class State(Enum):
    """Where a plugin is in its life."""

    DISCOVERED = "discovered"
    """It has been found; nothing of it but its import has run."""
    LOADED = "loaded"
    """It has been made."""
    INITIALIZING = "initializing"
    """Its configuration is checked and its `initialize` runs; nothing of it is visible."""
    INITIALIZED = "initialized"
    """What it registers is known; nothing of it is visible."""
    STARTING = "starting"
    """Its `start` runs; nothing of it is visible."""
    STARTED = "started"
    """It serves."""
    STOPPING = "stopping"
    """New calls do not reach it; those under way end, then it stops and is undone."""
    STOPPED = "stopped"
    """It has left, and everything it had registered is undone."""
    UNLOADED = "unloaded"
    """It is no longer known."""
    ERROR = "error"
    """It failed, in the phase and for the reason that are said beside; it waits to be asked."""
    BLOCKED = "blocked"
    """What it depends on is not started; it starts by itself when that is."""
    RETRYING = "retrying"
    """It was not ready; it is tried again by itself."""
    DISABLED = "disabled"
    """The operator does not want it."""
    QUARANTINED = "quarantined"
    """It was told to leave and did not: some of its code still runs, cut off from everything."""

    @property
    def at_rest(self) -> bool:
        """Whether nothing of the plugin is to be undone."""
        return self in AT_REST


AT_REST = frozenset(
    {
        State.DISCOVERED,
        State.STOPPED,
        State.UNLOADED,
        State.ERROR,
        State.BLOCKED,
        State.RETRYING,
        State.DISABLED,
        State.QUARANTINED,
    }
)
"""The states of a plugin of which nothing is to be undone."""

_FAILED = frozenset({State.ERROR, State.RETRYING, State.STOPPED, State.QUARANTINED})
_PUT_ASIDE = frozenset({State.BLOCKED, State.DISABLED, State.UNLOADED, State.STOPPED})
_AGAIN = frozenset({State.LOADED, State.ERROR, State.QUARANTINED})

FOLLOWS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.DISCOVERED: _AGAIN | _PUT_ASIDE,
        State.LOADED: _FAILED | {State.INITIALIZING},
        State.INITIALIZING: _FAILED | {State.INITIALIZED},
        State.INITIALIZED: _FAILED | {State.STARTING},
        State.STARTING: _FAILED | {State.STARTED},
        State.STARTED: frozenset({State.STOPPING}),
        State.STOPPING: frozenset({State.STOPPED, State.ERROR, State.QUARANTINED}),
        State.STOPPED: _AGAIN | _PUT_ASIDE,
        State.ERROR: _AGAIN | _PUT_ASIDE,
        State.BLOCKED: _AGAIN | _PUT_ASIDE,
        State.RETRYING: _AGAIN | _PUT_ASIDE,
        State.DISABLED: _AGAIN | _PUT_ASIDE,
        State.QUARANTINED: _AGAIN | _PUT_ASIDE,
        State.UNLOADED: frozenset(),
    }
)
"""What may follow each state; moving to the state that holds already changes only its reason."""
