"""A plugin chassis for ASGI services: plugins come and go while the service runs.

Nothing is imported before it is used: a plugin's file pays for what a plugin needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .settings import ChassisConfig
    from .web import Chassis, create_app, create_fastapi_app, serve

__all__ = [
    "Chassis",
    "ChassisConfig",
    "__version__",
    "create_app",
    "create_fastapi_app",
    "serve",
]

_BEHIND = {
    "Chassis": "marty_chassis.web",
    "ChassisConfig": "marty_chassis.settings",
    "create_app": "marty_chassis.web",
    "create_fastapi_app": "marty_chassis.web",
    "serve": "marty_chassis.web",
}


def __getattr__(name: str) -> Any:
    if name not in _BEHIND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_BEHIND[name]), name)


def __dir__() -> list[str]:
    return __all__
