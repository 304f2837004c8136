"""Services elsewhere, watched from the first time that somebody looks for them.

What was heard last is kept and given, marked stale while the registry does not answer. A registry
that comes back without what it knew has forgotten services that are alive and will tell it so soon:
they are kept for a while, marked stale too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import anyio

from marty_hookspecs import ServiceInfo

from .backend import Backend, Trouble
from .link import Link
from .pauses import Pauses

LONGEST_PAUSE = 15.0
"""Seconds between two tries at most, while a watch cannot be had."""

MOST = 200
"""Services that are watched at once, each over a connection of its own."""


class Watches:
    """All of them, by the name of the service.

    run: has `watch.run()` run in the background.
    patience: seconds that the first who looks for a service waits for the registry's answer.
    idle: seconds after which a watch ends that nobody asks.
    grace: seconds that a service may take to tell a registry that has forgotten it.
    """

    def __init__(
        self,
        backend: Backend,
        link: Link,
        run: Callable[[Watch], object],
        *,
        patience: float,
        idle: float,
        grace: float,
    ) -> None:
        self._backend = backend
        self._link = link
        self._run = run
        self._patience = patience
        self._idle = idle
        self._grace = grace
        self._watches: dict[str, Watch] = {}

    async def ask(self, name: str) -> list[ServiceInfo]:
        """Give the instances of a service that are known, and watch it from now on."""
        watch = self._watches.get(name) or self.begin(name)
        watch.asked(self._idle)
        await watch.first_answer(self._patience)
        return watch.services()

    def begin(self, name: str, known: Known | None = None) -> Watch:
        """Watch a service; what an earlier watch of it has heard may be known.

        Where there would be too many, the one that nobody has asked for longest ends.
        """
        if len(self._watches) >= MOST:
            min(self._watches.values(), key=lambda watch: watch.until).end()
        watch = Watch(name, self._backend, self._link, self._grace, self._ended, known)
        watch.asked(self._idle)
        self._watches[name] = watch
        self._run(watch)
        return watch

    def known(self) -> dict[str, Known]:
        """What has been heard so far, by name."""
        return {watch.name: watch.known for watch in self if watch.known is not None}

    def _ended(self, watch: Watch) -> None:
        if self._watches.get(watch.name) is watch:
            del self._watches[watch.name]

    def __iter__(self) -> Iterator[Watch]:
        return iter(tuple(self._watches.values()))

    def __len__(self) -> int:
        return len(self._watches)

    def __repr__(self) -> str:
        return f"<Watches of {', '.join(self._watches) or 'nothing'}>"


class Known(NamedTuple):
    """What was heard of a service last."""

    services: Sequence[ServiceInfo]
    mark: int
    """See `Heard`."""
    fresh: bool
    """Whether the registry has answered since."""


class Watch:
    """One service, watched until nobody asks for it any more."""

    def __init__(
        self,
        name: str,
        backend: Backend,
        link: Link,
        grace: float,
        ended: Callable[[Watch], None],
        known: Known | None = None,
    ) -> None:
        self.name = name
        self.known = known
        self._backend = backend
        self._link = link
        self._grace = grace
        self._ended = ended
        self._forgotten: dict[str, ServiceInfo] = {}
        self._until = 0.0
        """When what the registry has forgotten is given up."""
        self._pauses = Pauses(LONGEST_PAUSE)
        self._began = anyio.current_time()
        self._life = anyio.CancelScope()
        self._answered = anyio.Event()
        self._again = anyio.Event()
        if known is not None:
            self._answered.set()

    @property
    def until(self) -> float:
        """When it ends, if nobody asks before."""
        return self._life.deadline

    @property
    def stale(self) -> bool:
        """Whether anything that is given may be out of date."""
        return any(service.get("stale") for service in self.services())

    def services(self) -> list[ServiceInfo]:
        """Give the instances that are known."""
        if self.known is None:
            return []
        old = self._link.is_away or not self.known.fresh
        given = [_marked(one, stale=old) for one in self.known.services]
        if anyio.current_time() < self._until:
            given += [_marked(one, stale=True) for one in self._forgotten.values()]
        return given

    def asked(self, idle: float) -> None:
        """Note that somebody asks; seconds from now to its end, if nobody else does."""
        self._life.deadline = anyio.current_time() + idle

    def end(self) -> None:
        """Do not watch any more."""
        self._life.cancel()
        self._ended(self)

    async def first_answer(self, patience: float) -> None:
        """Wait until there was one, or a failure, but not beyond so many seconds of its life."""
        rest = self._began + patience - anyio.current_time()
        if rest > 0 and not self._link.is_away:
            with anyio.move_on_after(rest):
                await self._answered.wait()

    async def run(self) -> None:
        """Watch, whatever becomes of the registry."""
        what = f"watching {self.name}"
        try:
            with self._life:
                while True:
                    self._again = anyio.Event()
                    try:
                        await self._backend.follow(self.name, self._heard)
                    except Trouble as error:
                        self._failed()
                        self._link.failed(what, error, self._try_again)
                    with anyio.move_on_after(self._pauses.next()):
                        await self._again.wait()
        finally:
            self._link.forget(what)
            self._ended(self)

    def _heard(self, services: Sequence[ServiceInfo], mark: int) -> None:
        if self.known is not None and mark < self.known.mark:
            self._forgotten |= {one.get("id", ""): one for one in self.known.services}
            self._until = anyio.current_time() + self._grace
        for service in services:
            self._forgotten.pop(service.get("id", ""), None)
        self.known = Known(services, mark, fresh=True)
        self._pauses.reset()
        self._link.worked(f"watching {self.name}")
        self._answered.set()

    def _failed(self) -> None:
        if self.known is not None:
            self.known = self.known._replace(fresh=False)
        self._answered.set()

    def _try_again(self) -> None:
        self._again.set()

    def __repr__(self) -> str:
        return f"<Watch of {self.name}, {'stale' if self.stale else 'fresh'}>"


def _marked(service: ServiceInfo, *, stale: bool) -> ServiceInfo:
    return {**service, "stale": stale}
