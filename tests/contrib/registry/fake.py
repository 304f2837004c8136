"""A registry that does what a test says, in no time; what needs the real one is tested with that."""

from __future__ import annotations

import anyio

from marty_chassis.contrib.registry import Forgotten, Heard, Trouble
from marty_hookspecs import ServiceInfo


class Fake:
    """See `Backend`."""

    place = view = "fake"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.trouble: Trouble | None = None
        """What every call raises."""
        self.known: set[str] = set()
        self.ears: dict[str, Heard] = {}

    async def announce(self, service: ServiceInfo) -> None:
        self._call(f"announce {service['id']}")
        self.known.add(service["id"])

    async def refresh(self, service: ServiceInfo) -> None:
        self._call(f"refresh {service['id']}")
        if service["id"] not in self.known:
            raise Forgotten(service["id"])

    async def withdraw(self, id: str) -> None:
        self._call(f"withdraw {id}")
        self.known.discard(id)

    async def ping(self) -> None:
        self._call("ping")

    async def follow(self, name: str, heard: Heard) -> None:
        self._call(f"follow {name}")
        self.ears[name] = heard
        await anyio.sleep_forever()

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if self.trouble is not None:
            raise self.trouble
