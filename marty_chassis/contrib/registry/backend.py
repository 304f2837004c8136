"""What a registry elsewhere can do, and how that may fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from marty_hookspecs import ServiceInfo

Heard = Callable[[Sequence[ServiceInfo], int], None]
"""Told of all instances of a service, whenever the registry has answered, changed or not.

The number is one that grows with the registry's changes: one that is lower than the last one means
that the registry has lost what it knew.
"""


class Backend(Protocol):
    """One registry, at one address. Every call raises `Trouble` and nothing else."""

    place: str
    """Where entries are kept: two runs of a plugin with one place share what they have there."""

    view: str
    """What is seen from here: snapshots of one view are as good in the next run of the plugin."""

    async def announce(self, service: ServiceInfo) -> None:
        """Enter a service, or enter it anew."""
        ...

    async def refresh(self, service: ServiceInfo) -> None:
        """Say that a service lives; raises `Forgotten` when it has to be announced again."""
        ...

    async def withdraw(self, id: str) -> None:
        """Take a service out; one that is gone is no error."""
        ...

    async def ping(self) -> None:
        """Ask for nothing but an answer."""
        ...

    async def follow(self, name: str, heard: Heard) -> None:
        """Tell of the instances of a service, now and from now on, until something goes wrong."""
        ...


class Trouble(Exception):
    """A call without a good answer. The text says what was asked and what came back; no secret."""


class Away(Trouble):
    """Nobody answers, or whoever does cannot help just now: other calls would fare the same."""


class Refused(Trouble):
    """It answers, and says no to this one call."""


class Forgotten(Trouble):
    """It answers, and does not know what the call is about."""
