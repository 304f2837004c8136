"""Handlers, filters and levels of the standard library's loggers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from marty_chassis.discovery.private import ROOT

from .difference import Difference, Identity, Place
from .libraries import is_library
from .source import Call
from .sources import Sources


class Seen(NamedTuple):
    """One logger."""

    handlers: tuple[logging.Handler, ...]
    filters: tuple[object, ...]
    level: int
    quiet: tuple[bool, bool]
    """Whether it is disabled, and whether it keeps its records to itself."""


def look() -> Mapping[str, Seen]:
    """Every logger there is, by name; the root's is `root`."""
    loggers = logging.Logger.manager.loggerDict.copy().items()
    seen = {name: _seen(one) for name, one in loggers if isinstance(one, logging.Logger)}
    return {"root": _seen(logging.getLogger()), **seen}


def left(before: Mapping[str, Seen], sources: Sources) -> Iterator[Difference]:
    """What was added, taken away or set by the plugin; a logger of its own is its own affair."""
    fresh = Seen((), (), logging.NOTSET, (False, False))
    for name, now in look().items():
        if name.startswith(f"{ROOT}."):
            continue
        then = before.get(name, fresh)
        line = partial(_line, name, sources)
        for handler in now.handlers:
            if handler in then.handlers or isinstance(handler, logging.NullHandler):
                continue
            yield from _one(
                name,
                Identity(handler),
                f"the {type(handler).__name__} of logger {name!r} is still there",
                sources.place_of(
                    handler, partial(line, "addHandler", "handlers.append", "handlers.insert")
                ),
                "context.resources.callback(logger.removeHandler, handler) takes it away.",
            )
        for handler in then.handlers:
            if handler not in now.handlers:
                yield from _one(
                    name,
                    ("without", Identity(handler)),
                    f"the {type(handler).__name__} of logger {name!r} is gone",
                    line("removeHandler", "handlers.clear", "handlers.pop", "handlers.remove"),
                    "Other people's handlers are theirs: leave them alone.",
                )
        for one in now.filters:
            if one not in then.filters:
                yield from _one(
                    name,
                    Identity(one),
                    f"a filter of logger {name!r} is still there",
                    sources.place_of(one, partial(line, "addFilter")),
                    "context.resources.callback(logger.removeFilter, filter) takes it away.",
                )
        if now.level != then.level:
            level = logging.getLevelName
            yield from _one(
                name,
                f"{name} at {now.level}",
                f"the level of logger {name!r} is {level(now.level)} and was {level(then.level)}",
                line("setLevel") or _set(name, sources, "level"),
                "Leave it to the configuration: plugins.settings.<name>.log_level.",
            )
        if now.quiet != then.quiet:
            yield from _one(
                name,
                f"{name} is quiet",
                f"`disabled` or `propagate` of logger {name!r} was changed",
                _set(name, sources, "disabled", "propagate") or line(),
                "Put it back in `stop`.",
            )


def _seen(logger: logging.Logger) -> Seen:
    return Seen(
        tuple(logger.handlers),
        tuple(logger.filters),
        logger.level,
        (bool(logger.disabled), not logger.propagate),
    )


def _line(logger: str, sources: Sources, *names: str) -> Place | None:
    """The line that calls one of these, or sets up loggers as a whole."""
    likely = ["dictConfig", "fileConfig"]
    if logger == "root":
        likely.append("basicConfig")
    if not _is_a_librarys(logger):
        likely += names
    return sources.call_that(_ending(names), {logger}, strictly=True) or sources.call_that(
        _ending(likely)
    )


def _ending(names: Iterable[str]) -> Callable[[Call], bool]:
    """Of lists that are called `handlers` those of something called like a logger."""
    ends = tuple(f".{name}" for name in names)

    def fits(call: Call) -> bool:
        owner, dot, _ = call.name.lower().partition("handlers.")
        return f".{call.name}".endswith(ends) and (not dot or "log" in owner)

    return fits


def _set(logger: str, sources: Sources, *attributes: str) -> Place | None:
    if _is_a_librarys(logger):
        return None
    return sources.store(lambda store: store.name in attributes and store.base != "self")


def _is_a_librarys(logger: str) -> bool:
    """Whether a library sets it up by itself, so that a line must name it to have done so."""
    module = sys.modules.get(logger.partition(".")[0])
    return is_library(getattr(module, "__file__", None) or "")


def _one(
    logger: str, key: Hashable, what: str, where: Place | None, instead: str
) -> Iterator[Difference]:
    if where is not None:
        yield Difference("logging", key, what, where, instead, named=isinstance(key, str))
