"""What the lifecycle moves, as it sees it: the layer above makes these.

The lifecycle knows no interface and no decorator. It asks a `Maker` for a `Body`, one for each run
of a plugin, and calls its methods in their order, each in the plugin's own task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from marty_chassis.boundary import Fault
from marty_hookspecs import PluginMetadata

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate
    from marty_chassis.hooks import Contribution, Registrations

    from .ledger import Ledger


class Body(Protocol):
    """One run of one plugin. Methods may raise; all but `drain` run in the plugin's own task."""

    metadata: PluginMetadata
    registrations: Registrations
    ledger: Ledger
    instance: object | None
    """The plugin itself, once it has been made."""

    layers: list[tuple[object, object]]
    """What it answered to `config.load`, each with its place in the order of calling."""

    beside: dict[str, object]
    """Plugins by name that this run sees in the place of those that serve: the ones it is staged
    with, or leaves with."""

    @property
    def keeps_state(self) -> bool:
        """Whether it takes what the run before it has left: `import_state`."""
        ...

    async def construct(self) -> None:
        """Make the plugin."""

    async def load_configuration(self, config_name: str) -> None:
        """Ask its `config.load`, before anything of it is registered; fills `layers`."""

    async def configure(self) -> None:
        """Check its section of the configuration."""

    async def initialize(self) -> None:
        """Run its `initialize`, then read what it registers; nothing becomes visible."""

    def let_go(self) -> None:
        """Hold nothing of the plugin any more: its run is over."""

    async def export_state(self) -> object:
        """Give what the next run is to have; `None` for nothing. Runs beside its own task."""

    async def import_state(self, state: object) -> None:
        """Take what the run before it has given."""

    async def start(self) -> None:
        """Run its `start`, then ask what is asked at staging; nothing becomes visible."""

    async def drain(self, withdrawn: Contribution, seconds: float) -> bool:
        """Wait for calls and events under way, once it is withdrawn; runs none of its code."""
        ...

    async def stop(self) -> None:
        """Run its `stop`."""


Died = Callable[[Fault], None]
"""Told when something of a started plugin has died in the background."""


class Maker(Protocol):
    """Makes bodies."""

    def body(self, candidate: Candidate, ledger: Ledger, died: Died) -> Body:
        """Prepare a run; runs nothing of the plugin."""
        ...

    def hooks_of(self, candidate: Candidate) -> frozenset[str] | None:
        """The hooks it will implement; `None` when that cannot be told without making it."""
        ...
