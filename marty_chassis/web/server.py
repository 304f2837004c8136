"""uvicorn's server, which says when it serves and when it is about to close.

Imports uvicorn, which is an extra: `serving` imports this where a server is wanted.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
import uvicorn

from marty_chassis.errors import StartupFailed

from .address import listening_on

_PATIENCE: Final = 60.0
"""Seconds that an application may take to shut down whose start was broken off."""


class Server(uvicorn.Server):
    """A `uvicorn.Server` that raises where uvicorn leaves the process, and tells two moments.

    `on_serving` is called when it accepts connections; `on_closing` is awaited when it has decided to
    close and still accepts some, so that nobody is sent here any more when it stops to.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        on_serving: Callable[[], None] | None = None,
        on_closing: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._on_serving = on_serving
        self._on_closing = on_closing
        self._sockets: list[socket.socket] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept connections.

        Raises `StartupFailed`, and `CannotListen` after the application has been shut down again.
        """
        self._sockets = sockets
        try:
            with listening_on(self.config.host, self.config.port):
                await super().startup(sockets=sockets)
        except SystemExit:
            raise StartupFailed from None
        except BaseException:
            with anyio.move_on_after(_PATIENCE, shield=True):
                await self.lifespan.shutdown()
            raise
        if self.lifespan.should_exit:
            raise StartupFailed

    async def main_loop(self) -> None:
        """Serve until told to end; who is cancelled shuts down all the same, as uvicorn does not."""
        try:
            if self._on_serving is not None:
                self._on_serving()
            await super().main_loop()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.shutdown(self._sockets)
            raise

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, wait for the requests under way, shut the application down."""
        if self._on_closing is not None:
            await self._on_closing()
        await super().shutdown(sockets=sockets)

    def __repr__(self) -> str:
        return f"<Server on {self.config.host}:{self.config.port}>"


class Aside(Server):
    """A server beside another one, which is the one that handles the process's signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
