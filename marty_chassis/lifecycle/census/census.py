"""A snapshot of everything in the process that a plugin can change behind its context's back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import (
    collectors,
    environment,
    exits,
    filters,
    logs,
    modules,
    patches,
    paths,
    signals,
    sinks,
    tasks,
    threads,
)
from .difference import Difference
from .sources import Sources

_KINDS: tuple[Any, ...] = (
    tasks, logs, sinks, signals, exits, modules, paths, environment, filters, collectors, patches,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Census:
    """What there was at one moment; `take` makes it."""

    threads: frozenset[Any]
    others: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"<Census with {len(self.threads)} threads>"


def take() -> Census:
    """See what there is now. Takes some milliseconds; call it where tasks are to be seen."""
    return Census(threads.look(), tuple(kind.look() for kind in _KINDS))


def compare(before: Census, sources: Sources, *, patience: float = 0.0) -> tuple[Difference, ...]:
    """Name what is there now and was not, as far as it can be laid at the door of these sources.

    That is what runs their code, or is it, and what a line of theirs does; what else has changed
    is somebody else's. patience: seconds that threads which were told to end have for it.
    """
    return tuple(_differences(before, sources, patience))


def _differences(before: Census, sources: Sources, patience: float) -> Iterator[Difference]:
    yield from threads.left(before.threads, sources, patience)
    for kind, seen in zip(_KINDS, before.others, strict=True):
        yield from kind.left(seen, sources)
