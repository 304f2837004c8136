"""What this process has registered is kept in the registry elsewhere, whatever becomes of that.

One round looks at all of it: what is new is announced, what is known is refreshed, what has gone is
withdrawn. A round comes every third of the TTL, sooner after one that failed, and at once when a
service was registered. So nothing is missed for longer than that, whoever was told or was not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from random import uniform
from typing import TYPE_CHECKING

import anyio

from marty_hookspecs import ServiceInfo

from .backend import Backend, Forgotten, Refused, Trouble
from .link import Link
from .pauses import Pauses

if TYPE_CHECKING:
    from loguru import Logger

Call = Callable[[], Awaitable[None]]

PING = "(an answer)"
HURRY = 1.0
"""Seconds to withdraw from a registry that was away when last asked: it may just be back."""


class Keeper:
    """Keeps the services of this process in a registry elsewhere.

    registered: gives what there is now.
    tags: what each gets besides its own.
    ttl: seconds that an entry lives without a refresh.
    watching: whether anybody looks for others there, so that its silence matters.
    """

    def __init__(
        self,
        backend: Backend,
        link: Link,
        registered: Callable[[], Iterable[ServiceInfo]],
        logger: Logger,
        *,
        ttl: float,
        tags: tuple[str, ...] = (),
        watching: Callable[[], bool] = lambda: False,
    ) -> None:
        self._backend = backend
        self._link = link
        self._registered = registered
        self._logger = logger
        self._beat = ttl / 3
        self._tags = tags
        self._watching = watching
        self._pauses = Pauses(longest=self._beat)
        self._again = anyio.Event()
        self._rounds = anyio.Lock()
        self._held: dict[str, ServiceInfo | None] = {}
        """As announced last; None for one whose announcement has not been answered."""
        self._leaving: set[str] = set()
        self._without_address: set[str] = set()

    @property
    def held(self) -> tuple[str, ...]:
        """The ids that the registry has taken."""
        return tuple(id for id, service in self._held.items() if service is not None)

    async def run(self) -> None:
        """Keep them, for ever."""
        while True:
            # Made before looking, so that what is registered meanwhile is not missed.
            self._again = anyio.Event()
            if await self._round():
                self._pauses.reset()
                pause = self._beat * uniform(0.9, 1.1)
            else:
                pause = self._pauses.next()
            with anyio.move_on_after(pause):
                await self._again.wait()

    def look(self) -> None:
        """Have the next round now."""
        self._again.set()

    def came(self, id: str) -> None:
        """Learn that a service was registered."""
        self._leaving.discard(id)
        self.look()

    async def leave(self, id: str, seconds: float) -> None:
        """Withdraw a service that is about to be unregistered, in so many seconds or not now."""
        self._leaving.add(id)
        await self._withdraw([id], seconds)
        self._tell_of(id)

    async def leave_all(self, seconds: float) -> None:
        """Withdraw everything, in so many seconds or never."""
        await self._withdraw(tuple(self._held), seconds)
        self._tell_of(*(id for id in self._held if id not in self._leaving))

    async def _round(self) -> bool:
        """Look at everything once; whether all of it worked."""
        async with self._rounds:
            services = {id: one for one in self._registered() if (id := one.get("id", ""))}
            self._leaving &= services.keys()
            wanted = {
                id: self._dressed(service)
                for id, service in services.items()
                if id not in self._leaving and self._has_address(id, service)
            }
            calls: dict[str, Call] = {
                id: partial(self._keep, id, service) for id, service in wanted.items()
            }
            for id in self._held.keys() - wanted.keys() - self._leaving:
                calls[id] = partial(self._take_out, id)
            if not calls and self._watching():
                calls[PING] = self._backend.ping
            else:
                self._link.forget(PING)
            worked = await self._all(calls)
            # One that left while it was announced is withdrawn now, not a third of the TTL later.
            if worked and self._held.keys() - self._leaving - self._ids():
                self.look()
            return worked

    def _ids(self) -> set[str]:
        return {service.get("id", "") for service in self._registered()}

    async def _withdraw(self, ids: Iterable[str], seconds: float) -> None:
        seconds = min(seconds, HURRY) if self._link.is_away else seconds
        with anyio.move_on_after(seconds):
            # Not beside a round, which might announce it once more.
            async with self._rounds:
                await self._all({id: partial(self._take_out, id) for id in ids if id in self._held})

    def _tell_of(self, *ids: str) -> None:
        """Say which of these could not be withdrawn."""
        if left := ", ".join(id for id in ids if id in self.held):
            self._logger.warning(f"{self._link.place} still has {left}, until that expires there")

    async def _all(self, calls: Mapping[str, Call]) -> bool:
        """Make calls side by side, each by what it is about; whether all of them worked."""
        failed: list[str] = []

        async def one(what: str, call: Call) -> None:
            try:
                await call()
            except Trouble as error:
                failed.append(what)
                self._link.failed(what, error, self.look)
            else:
                self._link.worked(what)

        async with anyio.create_task_group() as side_by_side:
            for what, call in calls.items():
                side_by_side.start_soon(one, what, call)
        return not failed

    async def _keep(self, id: str, service: ServiceInfo) -> None:
        known = self._held.setdefault(id, None)
        if known == service:
            try:
                await self._backend.refresh(service)
                return
            except Forgotten:
                self._logger.warning(f"{self._link.place} has forgotten {id}")
                known = None
        try:
            await self._backend.announce(service)
        except Refused:
            if self._held[id] is None:
                del self._held[id]  # It has answered, and nothing of this is there.
            raise
        self._held[id] = service
        if known is None:
            self._logger.info(f"{id} is registered at {self._link.place}")

    async def _take_out(self, id: str) -> None:
        await self._backend.withdraw(id)
        self._held.pop(id, None)

    def _dressed(self, service: ServiceInfo) -> ServiceInfo:
        service["tags"] = list(dict.fromkeys((*service.get("tags", ()), *self._tags)))
        return service

    def _has_address(self, id: str, service: ServiceInfo) -> bool:
        known = service.get("address") is not None
        if not known and id not in self._without_address:
            self._without_address.add(id)
            self._logger.warning(
                f"{id} is not registered at {self._link.place}: it has no address. Set"
                " `service.advertise`, or serve it with `marty run`"
            )
        return known

    def __repr__(self) -> str:
        return f"<Keeper at {self._link.place}: {', '.join(self.held) or 'nothing'}>"
