"""Making one handler callable with its specification's arguments, whatever it is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, NamedTuple

from anyio import CapacityLimiter

from marty_chassis.boundary import in_thread

from .handler import Handler


class Step(NamedTuple):
    """One handler, ready: `call` takes all of the specification's arguments by position."""

    call: Callable[..., Any]
    awaitable: bool
    """Whether `call` is known to be asynchronous; otherwise its answer is looked at."""
    handler: Handler


def step(handler: Handler, parameters: tuple[str, ...]) -> Step:
    """Prepare a handler for a specification with these parameters."""
    function = handler.function
    awaitable = inspect.iscoroutinefunction(function)
    if handler.threads is not None and not awaitable:
        function, awaitable = _in_thread(function, repr(handler), handler.threads), True
    if handler.parameters != parameters:
        function = passing(parameters, handler.parameters)(function)
    return Step(function, awaitable, handler)


def is_awaitable(answer: object) -> bool:
    """Whether a synchronous function answered with something to be awaited."""
    # inspect.iscoroutinefunction misses partials and callable objects, so answers are looked at.
    return hasattr(answer, "__await__")


def _in_thread(
    function: Callable[..., Any], name: str, threads: CapacityLimiter
) -> Callable[..., Awaitable[Any]]:
    async def threaded(*arguments: object) -> Any:
        return await in_thread(function, *arguments, name=name, limiter=threads)

    return threaded


@lru_cache(maxsize=256)
def passing(parameters: tuple[str, ...], taken: tuple[str, ...]) -> Callable[..., Any]:
    """A maker of functions that pass on some of the arguments, by name.

    The cache is keyed by names, so no plugin's code is kept.
    """
    source = (
        "def make(function):\n"
        f"    return lambda {', '.join(parameters)}:"
        f" function({', '.join(f'{name}={name}' for name in taken)})\n"
    )
    space: dict[str, Callable[..., Any]] = {}
    exec(compile(source, "<hook arguments>", "exec"), space)
    return space["make"]
