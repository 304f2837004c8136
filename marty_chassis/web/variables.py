"""Context variables, carried between the task of the plugins and the task of the application.

A task cannot see what another sets. So what the plugins changed is set in the application's task
for as long as it runs, and what the application changed is set in the plugins' when its response
starts: as if they had called one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context, ContextVar, Token, copy_context
from typing import Any

Changes = Sequence[tuple[ContextVar[Any], Any]]
Lent = list[tuple[ContextVar[Any], Token[Any], Any]]

_MISSING = object()


def changed(since: Context, but: ContextVar[Any] | None = None) -> Changes:
    """Give what differs here and now, by identity: no value's own `==` is asked.

    but: one variable that is not to be carried.
    """
    return [
        (variable, value)
        for variable, value in copy_context().items()
        if since.get(variable, _MISSING) is not value and variable is not but
    ]


def adopt(changes: Changes) -> None:
    """Set what somebody else changed, for good."""
    for variable, value in changes:
        variable.set(value)


def lend(changes: Changes) -> Lent:
    """Set what somebody else changed, until `take_back` in the same task."""
    return [(variable, variable.set(value), value) for variable, value in changes]


def take_back(lent: Lent) -> None:
    """Undo `lend`, but for a variable that has been set to something else since."""
    for variable, token, value in reversed(lent):
        if variable.get(_MISSING) is value:
            variable.reset(token)
