"""Whether a service that has stopped has left nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .failures import LeftBehind

if TYPE_CHECKING:
    from .host import PluginHost


def assert_clean(host: PluginHost) -> None:
    """Raise `LeftBehind` when the plugins of a host that was left are not altogether gone.

    Leaving the host does this already, unless it was made with `clean=False`.
    """
    left = [
        f"plugin {name!r} could not undo {entry!r}: what was entered in its ledger must end within"
        " lifecycle.stop_timeout"
        for name, entries in host.chassis.pending().items()
        for entry in entries
    ]
    strays = host.chassis.plugin_manager.failures.strays
    left += [f"{name} was told to leave and has not" for name in strays.names()]
    if left:
        raise LeftBehind(left)
