"""Looking at sources: every rule that needs nothing but the text. Nothing is executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from . import (
    arguments,
    around,
    asynchrony,
    awaiting,
    blocking,
    clashes,
    declarations,
    hooks,
    methods,
    secrets,
    subscriptions,
    swallowing,
    undecorated,
    websockets,
)
from .finding import Finding
from .source import Source, read
from .unit import Unit

_OF_A_FILE = (
    hooks,
    methods,
    arguments,
    subscriptions,
    awaiting,
    asynchrony,
    blocking,
    swallowing,
    websockets,
    declarations,
    secrets,
    around,
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What the sources show."""

    sources: dict[Path, Source]
    """Those that Python can read."""
    findings: list[Finding]
    files: int
    """All that were looked at, readable or not."""


def look(units: Iterable[Unit]) -> Looked:
    """Look at every file of these units, each once."""
    units = list(units)
    read_before: dict[Path, Source | Finding] = {}
    for unit in units:
        for path in unit.files:
            if path not in read_before:
                read_before[path] = read(path, unit.kind)
    sources = {path: one for path, one in read_before.items() if isinstance(one, Source)}
    findings = [one for one in read_before.values() if isinstance(one, Finding)]
    for one in sources.values():
        findings += of_file(one)
    mentioned = frozenset[str]().union(*(one.outline.mentioned for one in sources.values()))
    for unit in units:
        these = [sources[path] for path in unit.files if path in sources]
        findings += undecorated.check(these, mentioned)
    for _, group in groupby(sorted(units, key=lambda one: one.group), lambda one: one.group):
        paths = dict.fromkeys(path for unit in group for path in unit.files)
        findings += clashes.check([sources[path] for path in paths if path in sources])
    return Looked(sources, list(dict.fromkeys(findings)), len(read_before))


def of_file(source: Source) -> Iterator[Finding]:
    """Give what the rules find in one file."""
    try:
        for rule in _OF_A_FILE:
            yield from rule.check(source)
    except RecursionError:
        yield Finding(
            "unreadable",
            "error",
            source.path,
            "it is nested too deeply",
            "Write it in shorter expressions.",
        )
