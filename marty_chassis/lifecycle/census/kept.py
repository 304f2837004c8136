"""Contexts of runs that are over and that a module of somebody else keeps."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from weakref import ref

from marty_chassis.lifecycle.leaks import kept_in

from .difference import Difference, Identity, Place
from .sources import Sources


def left(contexts: Iterable[ref[object]], sources: Sources) -> Iterator[Difference]:
    """Those that are alive; collects all garbage if one seems to be."""
    contexts = [one for one in contexts if one() is not None]
    if contexts:
        gc.collect()
    for one in contexts:
        if (context := one()) is None:
            continue
        for way in kept_in(context):
            if (where := _where(way.partition(" > ")[0], sources)) is not None:
                yield Difference(
                    "context",
                    Identity(context),
                    f"the context of a run that is over is kept in {way}",
                    where,
                    "Keep it in the plugin, which gets another one for each run.",
                )
                break
        del context


def _where(holder: str, sources: Sources) -> Place | None:
    below = f"{holder}."
    module, _, name = holder.rpartition(".")
    return (
        sources.store(
            lambda store: store.base == holder or (store.base, store.name) == (module, name)
        )
        or sources.call_that(lambda call: call.name.startswith(below))
        # A function of that module may have put it there.
        or sources.call_that(
            lambda call: call.name.startswith(f"{module}."), {"context", "self"}, strictly=True
        )
    )
