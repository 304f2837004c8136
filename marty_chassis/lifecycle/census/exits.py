"""What is called when the process ends."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from marty_chassis.lifecycle.at_exit import registered

from .difference import Difference, Identity
from .source import Call
from .sources import Sources


def look() -> list[object]:
    """Every function that is."""
    return registered()


def left(before: list[object], sources: Sources) -> Iterator[Difference]:
    """Those that are the plugin's, or that a line of it has registered."""
    known = {id(one) for one in before}
    for function in registered():
        if id(function) in known:
            continue
        name = getattr(function, "__name__", None) or type(function).__name__
        where = sources.place_of(
            function, partial(sources.call_that, _registers, {name}, strictly=True)
        )
        if where is not None:
            yield Difference(
                "atexit",
                Identity(function),
                f"{name}() is registered with atexit",
                where,
                "Do it in `stop`, or with context.resources.callback.",
            )


def _registers(call: Call) -> bool:
    return call.name == "atexit.register"
