"""Where Python looks for modules: `sys.path`, `sys.meta_path`, `sys.path_hooks`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from marty_chassis.discovery.private import Finder

from .difference import Difference, Place
from .modules import INSTEAD
from .source import Call, Store
from .sources import Sources

_NAMES = ("path", "meta_path", "path_hooks")
_ADD = ("append", "insert", "extend")
_REMOVE = ("remove", "pop", "clear")


def look() -> Mapping[str, tuple[object, ...]]:
    """The three lists."""
    return {name: tuple(getattr(sys, name)) for name in _NAMES}


def left(before: Mapping[str, tuple[object, ...]], sources: Sources) -> Iterator[Difference]:
    """What the plugin has added, or taken out."""
    for name, now in look().items():
        for entry in now:
            if entry is Finder or _is_in(before[name], entry):
                continue
            where = sources.place_of(entry, partial(_adds, name, sources))
            if where is not None:
                yield Difference(
                    "path",
                    f"{name} {_shown(entry)}",
                    f"sys.{name} still has {_shown(entry)!r}",
                    where,
                    INSTEAD if name == "path" else "Take it out with context.resources.callback.",
                    named=True,
                )
        for entry in before[name]:
            if entry is Finder or _is_in(now, entry):
                continue
            if (where := _takes(name, entry, sources)) is not None:
                yield Difference(
                    "path",
                    f"{name} without {_shown(entry)}",
                    f"sys.{name} has {_shown(entry)!r} no more",
                    where,
                    "Other people need it: leave it there.",
                    named=True,
                )


def _adds(name: str, sources: Sources) -> Place | None:
    return _puts(name, sources) or _sets(name, sources)


def _takes(name: str, entry: object, sources: Sources) -> Place | None:
    def takes(call: Call) -> bool:
        return call.last in _REMOVE and call.name.startswith(f"sys.{name}.")

    if _puts(name, sources) is None:
        return sources.call_that(takes) or _sets(name, sources)
    # What it takes out may be what it has put there, unless the line names another entry.
    return sources.call_that(takes, {_shown(entry)}, strictly=True)


def _puts(name: str, sources: Sources) -> Place | None:
    def puts(call: Call) -> bool:
        if call.last == "addsitedir":
            return name == "path"
        return call.last in _ADD and call.name.startswith(f"sys.{name}.")

    return sources.call_that(puts)


def _sets(name: str, sources: Sources) -> Place | None:
    def sets(store: Store) -> bool:
        return store.base == f"sys.{name}" or (store.base, store.name) == ("sys", name)

    return sources.store(sets)


def _is_in(entries: Iterable[object], entry: object) -> bool:
    return any(entry is one or entry == one for one in entries)


def _shown(entry: object) -> str:
    """A path, or what something else is called."""
    if isinstance(entry, str):
        return entry
    return str(getattr(entry, "__qualname__", None) or type(entry).__qualname__)
