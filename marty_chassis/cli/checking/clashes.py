"""Plugins of one folder that have one name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .declarations import declared
from .finding import Finding
from .source import Source


def check(sources: Sequence[Source]) -> Iterator[Finding]:
    """Look at the names that are literals, in the files that one service would find together."""
    first: dict[str, str] = {}
    for source in sources:
        for said in declared(source):
            here = f"{source.path}:{said.call.lineno}"
            if said.name and first.setdefault(said.name, here) != here:
                yield source.finding(
                    "name-clash",
                    said.nodes["name"],
                    f"a plugin at {first[said.name]} is called {said.name!r}, too: neither starts",
                    f"Rename one, or choose with plugins.settings.{said.name}.from.",
                )
