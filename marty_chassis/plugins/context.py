"""What a plugin gets: its configuration, its logger, and handles that are its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .console import CONSOLE, Console

if TYPE_CHECKING:
    from loguru import Logger

    from marty_chassis.events import PluginEventBus
    from marty_chassis.hooks import ExtensionPointManager
    from marty_chassis.lifecycle import Ledger
    from marty_chassis.services import PluginServiceRegistry
    from marty_chassis.settings import ChassisConfig
    from marty_hookspecs import PluginMetadata

    from .metrics import Metrics
    from .siblings import Siblings
    from .tasks import Tasks


@dataclass(frozen=True, eq=False)
class PluginContext:
    """One run of one plugin. What it opens through this is undone when it stops, last things first.

    Every handle is the plugin's own, and of no use once the plugin has stopped.
    """

    metadata: PluginMetadata
    config: ChassisConfig
    """The configuration of the whole service."""
    plugin_config: Any
    """The plugin's own section: the model it declares as `config_schema`, else a mapping."""
    logger: Logger
    event_bus: PluginEventBus
    service_registry: PluginServiceRegistry
    extension_points: ExtensionPointManager
    metrics: Metrics
    tasks: Tasks
    plugins: Siblings
    masked: Callable[[str], str] = field(repr=False)
    """Give somebody's words without the secrets of the service's configuration as it is now."""
    ledger: Ledger = field(repr=False)
    """The book of what is to be undone: `enter(kind, undo)` for what has no handle here."""

    @property
    def name(self) -> str:
        """The plugin's name, folded."""
        return self.ledger.plugin

    @property
    def console(self) -> Console | None:
        """Where `marty` shows the lines that are logged; None in a process that it does not run.

        From `initialize`, `start` and `stop`: it is not known to what runs elsewhere.
        """
        return CONSOLE.get()

    @cached_property
    def resources(self) -> AsyncExitStack:
        """An exit stack that is closed when the plugin has stopped."""
        stack = AsyncExitStack()
        self.ledger.enter("resources", stack.aclose, id="")
        return stack

    def get_config(self, key: str, default: Any = None) -> Any:
        """Give a value of the plugin's own section; dots lead into what is nested."""
        value = self.plugin_config
        for part in (key,) if _has(value, key) else key.split("."):
            if not _has(value, part):
                return default
            value = value[part] if isinstance(value, Mapping) else getattr(value, part)
        return value

    def __repr__(self) -> str:
        return f"<PluginContext of {self.name}>"


def _has(value: object, key: str) -> bool:
    if isinstance(value, Mapping):
        return key in value
    return not key.startswith("_") and hasattr(value, key)
