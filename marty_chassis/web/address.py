"""Taking an address before anything starts, so that a busy port is found out first."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import anyio

from marty_chassis.errors import CannotListen

_TAKEN = (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE))


SERVICE: Final = "--host and --port, or service.host and service.port"
"""What decides where a service listens."""


async def taken(host: str, port: int, settings: str = SERVICE) -> list[socket.socket]:
    """Bind a socket for each address that the host has; they do not listen yet.

    Port 0 takes a free one, the same for all. Raises `CannotListen`.
    """
    try:
        found = await anyio.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise CannotListen(host, port, _words(error), settings=settings) from None
    bound: list[socket.socket] = []
    refused: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        chosen = bound[0].getsockname()[1] if bound else port
        try:
            bound.append(_bound(family, kind, protocol, (address[0], chosen, *address[2:])))
        except OSError as error:
            refused = error
            # A name may have an address of a kind that this machine does not use.
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                break
    if not bound or (refused is not None and refused.errno in _TAKEN):
        close(bound)
        raise refusal(host, port, refused or OSError("no address"), settings) from None
    return bound


def refusal(host: str, port: int, error: OSError, settings: str = SERVICE) -> CannotListen:
    """Say why an address cannot be had."""
    taken = error.errno in _TAKEN
    return CannotListen(host, port, _words(error), taken=taken, settings=settings)


def close(sockets: Sequence[socket.socket]) -> None:
    """Give the addresses back."""
    for one in sockets:
        one.close()


@contextmanager
def listening_on(host: str, port: int) -> Iterator[None]:
    """Say in our own words what keeps a socket from listening; two may be bound, one listens."""
    try:
        yield
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        raise refusal(host, port, error) from None


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix" and sys.platform != "cygwin":
            # A service that restarts need not wait for the connections of the one before it.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def _words(error: OSError) -> str:
    if error.errno in _TAKEN:
        return "another program listens there"
    if error.errno == errno.EACCES:
        return "this user may not"
    return (error.strerror or str(error)).lower()
