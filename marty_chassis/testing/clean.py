"""Whether a service that has stopped has left nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .failures import LeftBehind

if TYPE_CHECKING:
    from .host import PluginHost

PATIENCE = 0.2
"""Seconds that a thread has that was told to end and is not waited for."""


def assert_clean(host: PluginHost) -> None:
    """Raise `LeftBehind` when the plugins of a host that was left are not altogether gone.

    That is: their ledgers are empty, nothing of them runs, and a census finds nothing that they
    have changed around their contexts; see `marty_chassis.lifecycle.census` for what it sees.
    Leaving the host does this already, unless it was made with `clean=False`. Call it inside the
    event loop, where tasks can be seen.
    """
    if left := tuple(_left(host)):
        raise LeftBehind(left)


def _left(host: PluginHost) -> Iterator[str]:
    for name, entries in host.chassis.pending().items():
        for entry in entries:
            yield (
                f"plugin {name!r} could not undo {entry!r}: what is entered in the ledger must be"
                " undone within lifecycle.stop_timeout."
            )
    for task in host.chassis.plugin_manager.failures.strays:
        yield f"{task.name} was told to leave and has not. Let a cancellation pass."
    for name in host.ward.plugins:
        # What is there, a thread say, may be what keeps the context.
        left = host.ward.around(name, patience=PATIENCE) or host.ward.kept(name)
        yield from (f"{name}: {difference}" for difference in left)
