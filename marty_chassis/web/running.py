"""Whether the chassis runs, in which event loop, and for how many who asked for it."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable

import anyio

from marty_chassis.boundary import Detached, running_loop, spawn

Act = Callable[[], Awaitable[None]]


class Running:
    """Starts once for all who enter, and stops with the last one who leaves.

    A server's lifespan and `async with chassis` may both enter. A request that finds nothing
    running starts it too, and starts it again where the event loop has changed since.
    """

    def __init__(self, start: Act, stop: Act) -> None:
        self._start = start
        self._stop = stop
        self._holders = 0
        self._loop: object = None
        self._starting: Detached[None] | None = None
        self._ending: Detached[None] | None = None
        self._ready = False
        self._warned = False

    @property
    def here(self) -> bool:
        """Whether it runs, or starts, in the current event loop."""
        return self._loop is not None and self._loop is running_loop()

    @property
    def ready(self) -> bool:
        """Whether it has started in the current event loop; asked for every request."""
        return self._ready and self.here

    async def enter(self) -> None:
        """Start, or wait until it has started; raises what the start raised.

        A stop under way ends first. Who could not enter has nothing to leave.
        """
        self._forget_ended_loop()
        self._holders += 1
        try:
            if self._ending is not None:
                await self._ending.wait()
            await self._started()
        except BaseException:
            await self.leave()
            raise

    async def leave(self) -> None:
        """Stop, if nobody else needs it; waits for a start under way."""
        self._holders -= 1
        if self._holders == 0 and self._starting is not None:
            if self._ending is None:
                # In a task of its own: who enters meanwhile waits for it.
                self._ending = spawn(self._end, self._starting, name="marty: stop")
            ending = self._ending
            # Whoever leaves may be cancelled already; it stops all the same.
            with anyio.CancelScope(shield=True):
                await ending.wait()
            ending.result()

    async def late(self) -> None:
        """Start for a request that came without a lifespan, and say once how to do it right.

        One that comes while it starts waits, so that none passes by the plugins.
        """
        if not self.here and not self._warned:
            self._warned = True
            warnings.warn(
                "The application's lifespan was never run, so the plugins start with the first"
                " request and nothing stops them. Run it: a server does, `with TestClient(app)`"
                " does. For an application that is mounted in another, or called by hand, use"
                " `async with chassis`, in the outer one's lifespan; `app.state.chassis` is it.",
                RuntimeWarning,
                stacklevel=2,
            )
        self._forget_ended_loop()
        await self._started()

    def _forget_ended_loop(self) -> None:
        if not self.here and self._loop is not None:
            self._holders = 0
            self._starting = self._ending = self._loop = None

    async def _started(self) -> None:
        if self._starting is None:
            self._loop = running_loop()
            self._ready = False
            # In a task of its own: the request that needs it first may be cancelled, or end.
            self._starting = spawn(self._start, name="marty: start")
        starting = self._starting
        await starting.wait()
        try:
            starting.result()
        except BaseException:
            if self._starting is starting:
                self._starting = self._loop = None
            raise
        self._ready = self._ready or self._starting is starting

    async def _end(self, starting: Detached[None]) -> None:
        try:
            await starting.wait()
            if self._holders == 0 and self._starting is starting:
                try:
                    await self._stop()
                finally:
                    self._starting = self._loop = None
                    self._ready = False
        finally:
            self._ending = None

    def __repr__(self) -> str:
        return f"<Running for {self._holders}>" if self._loop is not None else "<Not running>"
