"""Serving an application with uvicorn, in the event loop that is running."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from loguru import logger

from marty_chassis.boundary import running_loop
from marty_chassis.errors import MissingExtra, WrongLoop

from .address import close, taken
from .apart import management_apart
from .records import handed_on

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig
    from marty_hookspecs.web import ASGIApp

    from .chassis import Chassis

GRACEFUL_TIMEOUT: Final = 10
"""Seconds that requests under way have at the end; open streams of the application end then."""
KEEP_ALIVE: Final = 5
"""Seconds that a connection stays open without a request."""


async def serve(
    app: ASGIApp | ChassisConfig | str | os.PathLike[str],
    *,
    host: str | None = None,
    port: int | None = None,
    access_log: bool = False,
    graceful_timeout: int = GRACEFUL_TIMEOUT,
    on_serving: Callable[[str, int], None] | None = None,
    **options: Any,
) -> None:
    """Serve until the process is told to end, here, in the running event loop.

    app: an ASGI application, or a configuration or its file, which make one.
    host, port: where to listen; the chassis's own `service.host` and `service.port` if not given,
        and port 0 takes a free one.
    access_log: a line for each request.
    graceful_timeout: seconds that requests under way have at the end.
    on_serving: called with host and port as soon as connections are accepted.
    options: uvicorn's own. Headers of proxies are believed only with `proxy_headers=True`.

    Raises `CannotListen` before anything has started, `StartupFailed` when the application's
    lifespan fails, `MissingExtra` without uvicorn, `WrongLoop` outside of asyncio. A signal that
    ended it is raised again at the end, as uvicorn does.
    """
    uvicorn = _uvicorn()
    if type(running_loop()).__module__.startswith("trio"):
        raise WrongLoop("asyncio")
    from .server import Server

    made = application(app)
    chassis = chassis_of(made)
    service = chassis.config.service if chassis is not None else None
    where = host or (service.host if service else "127.0.0.1")
    at = port if port is not None else (service.port if service else 8000)
    sockets = None if options.keys() & {"fd", "uds"} else await taken(where, at)
    if sockets is not None:
        at = sockets[0].getsockname()[1]
        if chassis is not None:
            chassis.bound(where, at)
    # Our lifespan is there, so its errors are errors; of another's nothing is known.
    lifespan = "auto" if chassis is None else "on"
    logs = handed_on("uvicorn") if options.get("log_config") is None else nullcontext()
    try:
        with logs:
            config = uvicorn.Config(
                made,
                host=where,
                port=at,
                access_log=access_log,
                timeout_graceful_shutdown=graceful_timeout,
                **{**defaults(), "lifespan": lifespan, **options},
            )
            server = Server(
                config,
                on_serving=lambda: _serving(where, at, sockets is not None, on_serving),
                on_closing=None if chassis is None else chassis.retire,
            )
            apart = nullcontext() if chassis is None else management_apart(chassis, defaults())
            async with apart:
                await server.serve(sockets)
    finally:
        close(sockets or ())


def application(app: ASGIApp | ChassisConfig | str | os.PathLike[str]) -> ASGIApp:
    """Give what is to be served: the application itself, or the one that a configuration makes."""
    from marty_chassis.settings import ChassisConfig

    if isinstance(app, str | os.PathLike | ChassisConfig):
        from .factories import create_app

        return create_app(app)
    return app


def chassis_of(app: object) -> Chassis | None:
    """Give the chassis around an application; None for one without."""
    from .chassis import Chassis

    for holder in (app, getattr(app, "state", None)):
        found = getattr(holder, "chassis", None)
        if isinstance(found, Chassis):
            return found
    return None


def _serving(
    host: str, port: int, has_port: bool, on_serving: Callable[[str, int], None] | None
) -> None:
    if has_port:
        logger.info("serves http://{}:{}", f"[{host}]" if ":" in host else host, port)
    if on_serving is not None:
        on_serving(host, port)


def defaults() -> dict[str, Any]:
    """Give uvicorn's options as we have them."""
    return {
        "log_config": None,
        "proxy_headers": False,
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE,
        # Older releases of uvicorn take the part of websockets that is deprecated, unless told.
        "ws": "websockets-sansio" if find_spec("websockets") else "auto",
        "log_level": logging.INFO,
    }


def _uvicorn() -> Any:
    try:
        import uvicorn
    except ImportError:
        raise MissingExtra("serving", "uvicorn", "server") from None
    return uvicorn
