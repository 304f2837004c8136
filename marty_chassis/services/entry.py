"""One registered service: whose it is, and how it stands with its heartbeats."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from marty_chassis.hooks import Generation, Part, Registrations
from marty_hookspecs import ServiceInfo

from .info import CRITICAL


class Noted(Protocol):
    """One thing in a plugin's ledger."""

    def strike(self) -> None:
        """It has been undone already."""
        ...


class Entry:
    """One service in the registry; compared by identity.

    With a `ttl` (seconds) its status is critical when no heartbeat came for so long, and it is gone
    `drop_after` seconds later. Times are the registry's clock's.
    """

    __slots__ = ("_beaten", "_drop_after", "_info", "noted", "registrations", "ttl")

    def __init__(
        self,
        registrations: Registrations,
        info: ServiceInfo,
        *,
        ttl: float | None,
        drop_after: float,
        now: float,
    ) -> None:
        self.registrations = registrations
        self.ttl = ttl
        self.noted: Noted  # set when it is entered in its owner's ledger, before it is seen
        self._info = info
        self._drop_after = drop_after
        self._beaten = now

    @property
    def id(self) -> str:
        """The service's id."""
        return self._info.get("id", "")

    @property
    def owner(self) -> str:
        """The plugin that registered it."""
        return self.registrations.plugin

    def beat(self, now: float) -> bool:
        """Note a sign of life; whether the service had been critical for want of one."""
        late = self._late(now) > 0
        self._beaten = now
        return late

    def gone(self, now: float) -> bool:
        """Whether it has been without a heartbeat for too long to be kept."""
        return self._late(now) > self._drop_after

    def info(self, now: float) -> ServiceInfo:
        """A copy of its description, with the status of now."""
        info = copy.deepcopy(self._info)
        if self._late(now) > 0:
            info["status"] = CRITICAL
        return info

    def next_change(self, now: float) -> float:
        """In how many seconds it becomes critical or goes, if no heartbeat comes."""
        late = self._late(now)
        edges = [edge for edge in (-late, self._drop_after - late) if edge >= 0]
        return min(edges, default=float("inf"))

    def _late(self, now: float) -> float:
        return -float("inf") if self.ttl is None else now - self._beaten - self.ttl

    def __repr__(self) -> str:
        return f"<Entry {self.id} of {self.owner}>"


def _by_id(generation: Generation) -> Mapping[str, Entry]:
    return MappingProxyType({entry.id: entry for _, entry in generation.entries(SERVICES)})


SERVICES: Part[Entry, Mapping[str, Entry]] = Part("services", _by_id)
"""Where a generation holds its services, by id."""
