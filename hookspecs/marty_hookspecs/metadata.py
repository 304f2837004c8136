"""What a plugin says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

FailurePolicy = Literal["closed", "open"]
"""closed: a fault in a request hook is a failed request. open: the plugin is skipped."""

ReloadPolicy = Literal["swap", "exclusive"]
"""swap: old and new run side by side for a moment. exclusive: the old one stops first."""


@dataclass(frozen=True, slots=True)
class PluginMetadata:
    """What a plugin says about itself; a bare module says it with `plugin_metadata = ...`."""

    name: str
    """Folded as PEP 503 does: `JWT_Authentication` and `jwt-authentication` are one plugin."""
    version: str = "0.0.0"
    description: str = ""
    author: str = ""
    dependencies: tuple[str, ...] = ()
    """Plugins or capabilities that must be started first, with versions: `"metrics>=1.2"`."""
    optional_dependencies: tuple[str, ...] = ()
    """Started first when they are there."""
    provides: tuple[str, ...] = ()
    """Capabilities that others may depend on: `"metrics-collector"`."""
    config_schema: type[Any] | None = None
    """The pydantic model of the plugin's section in the configuration."""
    contract: str = ""
    """Versions of `marty_hookspecs` it works with: `">=1,<2"`; empty is any."""
    required: bool = False
    """Whether the service is not ready, and answers 503, while the plugin is not started."""
    failure_policy: FailurePolicy | None = None
    """`None`: closed when it has request hooks."""
    reload: ReloadPolicy = "swap"
