"""Loguru's sinks, of the one logger that a process has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loguru import logger

from .difference import Difference
from .source import Call
from .sources import Sources


def look() -> Mapping[int, object]:
    """Every sink by its number; loguru has no door to ask for them."""
    handlers = getattr(getattr(logger, "_core", None), "handlers", None)
    return dict(handlers) if isinstance(handlers, Mapping) else {}


def left(before: Mapping[int, object], sources: Sources) -> Iterator[Difference]:
    """What was added or removed by the plugin."""
    now = look()
    for number, handler in now.items():
        if number in before:
            continue
        # A function is wrapped in a sink of loguru's own.
        sink = getattr(handler, "_sink", None)
        sink = getattr(sink, "_function", sink)
        where = sources.place_of(sink, lambda: sources.call_that(_adds))
        if where is not None:
            yield Difference(
                "loguru",
                str(number),
                f"loguru's sink {number} is still there",
                where,
                "context.resources.callback(logger.remove, number) takes it away.",
            )
    for number in before:
        if number not in now and (where := sources.call_that(_removes)) is not None:
            yield Difference(
                "loguru",
                f"without {number}",
                f"loguru's sink {number} is gone",
                where,
                "The log belongs to the service: remove only a sink that you have added.",
                named=True,
            )


def _adds(call: Call) -> bool:
    return call.last in ("add", "configure") and "logger" in call.name


def _removes(call: Call) -> bool:
    return call.last in ("remove", "configure") and "logger" in call.name
