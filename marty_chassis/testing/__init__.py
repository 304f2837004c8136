"""For authors of plugins: a service with one plugin in it, and what tests ask of it.

The fixtures are in `pytest_plugin`, which pytest finds by itself. Nothing is imported before it is
used: pytest loads that plugin in every run of everybody.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clean import assert_clean
    from .clock import FakeClock
    from .failures import LeftBehind, NotReloadable, NotSeen, NotStarted, WebSocketRefused
    from .host import PluginHost
    from .neighbour import FailingNeighbour
    from .recorder import EventRecorder
    from .reloadable import assert_reloadable
    from .serving import asgi_client

__all__ = [
    "EventRecorder",
    "FailingNeighbour",
    "FakeClock",
    "LeftBehind",
    "NotReloadable",
    "NotSeen",
    "NotStarted",
    "PluginHost",
    "WebSocketRefused",
    "asgi_client",
    "assert_clean",
    "assert_reloadable",
]

_BEHIND = {
    "EventRecorder": "recorder",
    "FailingNeighbour": "neighbour",
    "FakeClock": "clock",
    "LeftBehind": "failures",
    "NotReloadable": "failures",
    "NotSeen": "failures",
    "NotStarted": "failures",
    "PluginHost": "host",
    "WebSocketRefused": "failures",
    "asgi_client": "serving",
    "assert_clean": "clean",
    "assert_reloadable": "reloadable",
}


def __getattr__(name: str) -> Any:
    if name not in _BEHIND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_BEHIND[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
