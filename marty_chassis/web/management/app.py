"""The management API of one service: what is asked instead of the plugins' chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from marty_chassis.hooks import HookManager
from marty_chassis.web.workers import Here, Workers
from marty_hookspecs.web import Receive, Scope, Send

from .asked import Desk
from .audit import Audit
from .exposition import Exposition
from .front import Front
from .gathering import Gathering
from .health import Health
from .journal import Journal
from .overseer import Overseer
from .paths import Paths
from .running import Running
from .together import Together

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from marty_chassis.events import EventBus


class Management:
    """Shows and moves the plugins of one service.

    Whoever serves asks `answers(scope)` first and calls this instead of the plugins' chain, so that
    a request for here meets no plugin, holds no lease and is answered when every plugin has failed.
    `start` it before the plugins and `stop` it after them; it answers without that, too.

    prefix: what the paths begin with; `management.prefix` of the configuration when not given.
    owned: those of `paths` that are left to the application.
    workers: the other processes of the service, which are moved with this one while they are open.
    """

    def __init__(
        self,
        overseer: Overseer,
        manager: HookManager,
        *,
        bus: EventBus | None = None,
        prefix: str | None = None,
        owned: Iterable[str] = (),
        health: Health | None = None,
        workers: Workers | None = None,
    ) -> None:
        health = health or Health(manager, overseer)
        workers = workers or Workers(Here(overseer))
        self._desk = Desk(
            overseer,
            manager,
            bus,
            health,
            Gathering(manager),
            Journal(),
            Exposition(),
            Audit(bus),
            workers,
        )
        workers.scribe = self._desk.together = Together(self._desk)
        self._running = Running(self._desk)
        own = overseer.config.management.prefix
        self._front = self.at(own if prefix is None else prefix, owned)

    def at(self, prefix: str, owned: Iterable[str] = ()) -> Front:
        """The same answers below another prefix."""
        return Front(self._desk, Paths(prefix, owned))

    @property
    def prefix(self) -> str:
        """What the paths begin with."""
        return self._front.prefix

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is answered, with the prefix, names in braces: `/plugins/{name}`."""
        return self._front.paths

    @property
    def registry(self) -> CollectorRegistry:
        """Where the service may register metrics of its own; raises `ImportError`."""
        return self._desk.exposition.registry

    @property
    def ready(self) -> bool:
        """What `/health/ready` says."""
        return self._desk.ready

    async def start(self, *, opening: bool = False) -> None:
        """Begin to ask plugins how they are; in another event loop than before, begin anew.

        opening: the service is not ready before `open` has been called.
        """
        await self._running.start(opening=opening)

    def open(self) -> None:
        """Say from now on that the service is ready, if its plugins are."""
        self._desk.opening = False

    def drain(self) -> None:
        """Say from now on that the service is not ready, and let the readers of the journal go.

        A server that waits for open answers must call this before it waits.
        """
        self._running.drain()

    async def stop(self) -> None:
        """Stop asking; requests are still answered."""
        await self._running.stop()

    def answers(self, scope: Scope) -> bool:
        """Whether this request is to be answered here."""
        return self._front.answers(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)

    def __repr__(self) -> str:
        return f"<Management below {self.prefix or '/'}: {self._desk.overseer!r}>"
