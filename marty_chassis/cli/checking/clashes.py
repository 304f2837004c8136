"""Plugins of one folder that have one name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .declarations import Said, declared
from .finding import Finding
from .source import Source


def check(sources: Sequence[Source]) -> Iterator[Finding]:
    """Look at the names that are literals, in the files that one service would find together."""
    by_name: dict[str, list[tuple[Source, Said]]] = {}
    for source in sources:
        for said in declared(source):
            if said.name:
                by_name.setdefault(said.name, []).append((source, said))
    for name, same in by_name.items():
        for source, said in same if len(same) > 1 else ():
            other, theirs = same[0] if same[0][1] is not said else same[1]
            yield source.finding(
                "name-clash",
                said.nodes["name"],
                f"a plugin at {other.path}:{theirs.call.lineno} is called {name!r}, too: neither"
                " starts",
                f"Rename one, or choose with plugins.settings.{name}.from.",
            )
