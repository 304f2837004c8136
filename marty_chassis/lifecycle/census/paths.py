"""Where Python looks for modules: `sys.path`, `sys.meta_path`, `sys.path_hooks`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial

from marty_chassis.discovery.private import Finder

from .difference import Difference, Place
from .modules import INSTEAD
from .source import Call, Store
from .sources import Sources

_NAMES = ("path", "meta_path", "path_hooks")
_ADD = ("append", "insert", "extend")


def look() -> Mapping[str, tuple[object, ...]]:
    """The three lists."""
    return {name: tuple(getattr(sys, name)) for name in _NAMES}


def left(before: Mapping[str, tuple[object, ...]], sources: Sources) -> Iterator[Difference]:
    """What the plugin has added."""
    for name, now in look().items():
        for entry in now:
            if entry is Finder or any(entry is one or entry == one for one in before[name]):
                continue
            where = sources.place_of(entry, partial(_line, name, sources))
            if where is not None:
                shown = entry if isinstance(entry, str) else _word(entry)
                yield Difference(
                    "path",
                    f"{name} {shown}",
                    f"sys.{name} still has {shown!r}",
                    where,
                    INSTEAD if name == "path" else "Take it out with context.resources.callback.",
                    named=True,
                )


def _line(name: str, sources: Sources) -> Place | None:
    def adds(call: Call) -> bool:
        if call.last == "addsitedir":
            return name == "path"
        return call.last in _ADD and call.name.startswith(f"sys.{name}.")

    def stores(store: Store) -> bool:
        return store.base == f"sys.{name}" or (store.base, store.name) == ("sys", name)

    return sources.call_that(adds) or sources.store(stores)


def _word(entry: object) -> str:
    return str(getattr(entry, "__qualname__", None) or type(entry).__qualname__)
