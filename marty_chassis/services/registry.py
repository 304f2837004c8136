"""Which services there are: what plugins registered here, and what plugins know from elsewhere."""

from __future__ import annotations

import copy
import time
from collections.abc import AsyncGenerator, Callable
from itertools import count
from typing import Any

from marty_chassis.boundary import Phase, Signal, guarded
from marty_chassis.errors import ForeignService, PluginFault
from marty_chassis.hooks import HookManager, Registrations
from marty_hookspecs import (
    Point,
    ServiceInfo,
    ServiceQuery,
    service_discover,
    service_post_register,
    service_pre_register,
    service_pre_unregister,
)

from .answers import merged, read, selected
from .entry import SERVICES, Entry
from .handle import Ledger, PluginServiceRegistry
from .info import checked_query, checked_service
from .turns import Turns


class ServiceRegistry:
    """The services of one process, in memory; plugins bring those of others (Consul, etcd).

    A service with a `ttl` needs heartbeats: without one it becomes critical, and is dropped
    `drop_after` seconds later. Nothing runs for that; the clock (seconds) is read when it matters.
    """

    def __init__(
        self,
        manager: HookManager,
        *,
        drop_after: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hooks = manager.hooks
        self._faults = manager.faults
        self._selector = manager.selector
        self._selector.when_advanced(self._notify)
        self._drop_after = drop_after
        self._clock = clock
        self._changed: Signal[None] = Signal()
        self._live: dict[str, list[Entry]] = {}
        """Staged ones too; of one id the one that was announced last stands last."""
        self._turns = Turns()
        self._numbers = count(1)

    def handle(self, registrations: Registrations, ledger: Ledger) -> PluginServiceRegistry:
        """Give one plugin's own door to the registry; what it registers is entered in its ledger."""
        return PluginServiceRegistry(self, registrations, ledger)

    async def discover(self, query: ServiceQuery | None = None) -> list[ServiceInfo]:
        """Give the services that match, the registry's own first, then what plugins answer.

        Of two with one id the first counts that is not stale. Only those that are passing, unless
        the query says `passing: False`. Inside a request these are the services of when it began. Nonsense that a
        plugin answers is its fault and left out. Raises `InvalidService` for a query that is none.
        """
        return await self._discover(checked_query(query))

    def watch(
        self, query: ServiceQuery | None = None, *, every: float = 5.0
    ) -> AsyncGenerator[list[ServiceInfo], None]:
        """Give all services that match, at once and then whenever they have changed.

        What plugins know is asked again every so many seconds. Who looks slowly misses what came in
        between, never the newest. Raises `InvalidService` for a query that is none.
        """
        return self._watch(checked_query(query), every)

    def registered(self) -> list[ServiceInfo]:
        """Give what this process has registered, whoever of its plugins did, with its status of now.

        Also what belongs to a plugin that is being started: whoever asks `service.post_register`
        has been told of it.
        """
        now = self._clock()
        newest = [live[-1] for live in self._live.values()]
        return [entry.info(now) for entry in newest if not entry.gone(now)]

    # For the handles --------------------------------------------------------------------------

    async def register(
        self, registrations: Registrations, ledger: Ledger, info: ServiceInfo, ttl: float | None
    ) -> ServiceInfo:
        """See `PluginServiceRegistry.register`."""
        plugin = registrations.plugin
        wanted = checked_service(info, f"the service that {plugin!r} registers")
        await self.sweep()
        self.refuse_foreign(wanted.get("id", ""), plugin)
        entry = Entry(
            registrations,
            await self._filtered(wanted),
            ttl=ttl,
            drop_after=self._drop_after,
            now=self._clock(),
        )
        async with self._turns.of(entry.id):
            self.refuse_foreign(entry.id, plugin)
            # Its own key: whether the next generation has taken over is decided by `leave`.
            entry.noted = ledger.enter(
                "service", lambda: self.leave(entry), id=f"{entry.id} ({next(self._numbers)})"
            )
            replaced = [e for e in registrations.entries(SERVICES) if e.id == entry.id]
            self._live.setdefault(entry.id, []).append(entry)
            registrations.add(SERVICES, entry)
            for old in replaced:
                self._drop(old)
            await self._hooks.ask(service_post_register, entry.info(self._clock()))
        return entry.info(self._clock())

    async def leave(self, entry: Entry) -> None:
        """Take a service out, and tell the plugins unless its owner's next generation has it.

        Where that one is taken back, the one that stays is announced again.
        """
        async with self._turns.of(entry.id):
            live = self._live.get(entry.id, [])
            if entry not in live:
                return
            others = [known for known in live if known is not entry]
            try:
                if not others:
                    info = entry.info(self._clock())
                    await self._hooks.ask(service_pre_unregister, info)
            finally:
                announced_last = live[-1] is entry
                self._drop(entry)
            if others and announced_last:
                await self._hooks.ask(service_post_register, others[-1].info(self._clock()))

    def heartbeat(self, entry: Entry) -> None:
        """Note a sign of life."""
        if entry.beat(self._clock()):
            self._notify()

    async def sweep(self) -> None:
        """Take out what has been without a heartbeat for too long."""
        now = self._clock()
        for entry in [entry for live in self._live.values() for entry in live if entry.gone(now)]:
            await self.leave(entry)

    def refuse_foreign(self, id: str, plugin: str) -> None:
        """Raise `ForeignService` when another plugin has registered this id."""
        for entry in self._live.get(id, ()):
            if entry.owner != plugin:
                raise ForeignService(id, entry.owner, plugin)

    # ------------------------------------------------------------------------------------------

    async def _discover(self, query: ServiceQuery) -> list[ServiceInfo]:
        entries = self._selector.pinned().part(SERVICES).values()
        now = self._clock()
        own = [entry.info(now) for entry in entries if not entry.gone(now)]
        lists = [own]
        for answer in await self._hooks.ask_detailed(service_discover, copy.deepcopy(query)):
            if answer.ok and answer.value is not None:
                try:
                    with self._watched(answer.plugin, service_discover):
                        services, wrong = read(answer.value, answer.plugin)
                        lists.append(services)
                        if wrong is not None:
                            raise wrong
                except PluginFault:
                    continue
        return selected(merged(lists), query)

    async def _filtered(self, info: ServiceInfo) -> ServiceInfo:
        """What `service.pre_register` makes of it; an answer that makes no sense is left out."""
        for answer in await self._hooks.ask_detailed(service_pre_register, info):
            if answer.ok and answer.value is not None:
                try:
                    with self._watched(answer.plugin, service_pre_register):
                        where = f"what {answer.plugin!r} answered to service.pre_register"
                        info = checked_service(answer.value, where, id_needed=True)
                except PluginFault:
                    continue
        return info

    def _watched(self, plugin: str, point: Point[Any, Any, Any]) -> guarded:
        """What is wrong with a plugin's answer is its fault in that hook."""
        hook = point.extension_point.name
        return guarded(self._faults, plugin=plugin, phase=Phase.HOOK, hook=hook)

    async def _watch(
        self, query: ServiceQuery, every: float
    ) -> AsyncGenerator[list[ServiceInfo], None]:
        last: list[ServiceInfo] | None = None
        while True:
            # Taken before looking: a change while we look, or while the watcher is busy with what
            # it got, is not missed.
            changed = self._changed
            again = self._clock() + min(every, self._next_change())
            # A stream that began long ago is about the services of now.
            with self._selector.pin():
                found = await self._discover(query)
            if found != last:
                last = copy.deepcopy(found)
                yield found
            await changed.within(max(0.0, again - self._clock()))

    def _next_change(self) -> float:
        now = self._clock()
        entries = self._selector.current.part(SERVICES).values()
        # A little later, as the edge itself still belongs to what was before.
        return min((entry.next_change(now) for entry in entries), default=float("inf")) + 0.001

    def _drop(self, entry: Entry) -> None:
        live = self._live[entry.id]
        live.remove(entry)
        if not live:
            del self._live[entry.id]
        entry.registrations.remove(SERVICES, entry)
        entry.noted.strike()

    def _notify(self) -> None:
        changed, self._changed = self._changed, Signal()
        changed.set(None)

    def __repr__(self) -> str:
        return f"<ServiceRegistry: {', '.join(self._live) or 'no services'}>"
