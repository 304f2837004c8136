"""Whether the chassis runs, in which event loop, and for how many who asked for it."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable

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
        """Start, or wait until it has started; raises what the start raised."""
        if not self.here:
            self._holders = 0
        self._holders += 1
        try:
            await self._started()
        except BaseException:
            self._holders -= 1
            raise

    async def leave(self) -> None:
        """Stop, if nobody else needs it; waits for a start under way."""
        self._holders -= 1
        if self._holders == 0 and self._starting is not None:
            await self._starting.wait()
            await self._stop()
            self._starting = self._loop = None
            self._ready = False

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
        await self._started()

    async def _started(self) -> None:
        loop = running_loop()
        if self._starting is None or self._loop is not loop:
            self._loop = loop
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

    def __repr__(self) -> str:
        return f"<Running for {self._holders}>" if self._loop is not None else "<Not running>"
