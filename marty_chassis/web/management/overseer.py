"""What the management API asks of the lifecycle; the supervisor is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from marty_chassis.lifecycle import (
    Leak,
    Missing,
    Moved,
    PluginStatus,
    Reloaded,
    Remains,
)

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


class Overseer(Protocol):
    """Knows and moves all plugins of one service."""

    config: ChassisConfig
    """Replaced when plugins have answered `config.load`."""
    missing: tuple[Missing, ...]
    """The required plugins that are not started."""

    @property
    def running(self) -> bool:
        """Whether plugins are to run."""
        ...

    def status(self) -> tuple[PluginStatus, ...]:
        """Everything about every plugin, in the order of starting."""
        ...

    def status_of(self, name: str) -> PluginStatus:
        """Everything about one plugin; raises `UnknownPlugin`."""
        ...

    def remains_of(self, name: str) -> Remains:
        """What there is of a plugin besides what serves; raises `UnknownPlugin`."""
        ...

    def leaks_of(self, name: str) -> tuple[Leak, ...]:
        """Collect all garbage, and name who holds what should be gone."""
        ...

    async def enable(self, name: str) -> PluginStatus:
        """Let a disabled plugin start again."""
        ...

    async def disable(self, name: str, *, force: bool = False) -> PluginStatus:
        """Stop a plugin and keep it from starting."""
        ...

    async def reload(self, name: str, *, drained: bool = False) -> Reloaded:
        """Replace a plugin by what its source is now; `drained`: wait until the old one is gone."""
        ...

    async def dropped(self, name: str) -> int:
        """Wait until what reloads have replaced has been dropped; gives how many still use it."""
        ...

    def on_disk(self, name: str) -> str | None:
        """The digest of a plugin's source as it is now; `None` where that cannot be known."""
        ...

    def take_over(self, name: str, *, generation: int, required: bool) -> None:
        """Know of a plugin what another process knows, before the plugins start here."""
        ...

    def subscribe(self, watcher: Callable[[Moved], None]) -> Callable[[], None]:
        """Call this with each move; gives the function that ends it."""
        ...
