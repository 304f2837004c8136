"""Methods that the chassis does not call, and whose names say that they are meant for it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from .contract import INTERFACES
from .finding import Finding
from .parts import Class, Part
from .source import Source

_NEAR: Final = 0.85
"""`initialise` is near `initialize` (0.9), `restart` is not near `start` (0.83)."""


def check(source: Source) -> Iterator[Finding]:
    """Look at the methods of every plugin class that nothing in the file mentions."""
    for one in source.outline.classes.values():
        if not one.family and one.declaration is None:
            continue
        for part in one.parts.values():
            unused = part.mark is None and part.name not in source.outline.mentioned
            if unused and part.known_shape and part.name not in one.offered:
                yield from _foreign(one, part, source)
                yield from _misspelt(one, part, source)


def _foreign(owner: Class, part: Part, source: Source) -> Iterator[Finding]:
    interface = next((name for name, these in INTERFACES.items() if part.name in these), None)
    if interface is None or owner.opaque:
        return
    derives = ", ".join(sorted(owner.interfaces)) or ("IPlugin" if owner.family else "none of ours")
    yield source.finding(
        "foreign-method",
        part.node,
        f"{part.name!r} is a method of {interface}, and {owner.node.name} derives from {derives}:"
        " nobody calls it",
        f"Write class {owner.node.name}({', '.join(sorted({*owner.interfaces, interface}))}).",
    )


def _misspelt(owner: Class, part: Part, source: Source) -> Iterator[Finding]:
    near = get_close_matches(part.name, owner.offered, n=1, cutoff=_NEAR)
    if not near or part.name.startswith("_") or part.name in _ALL or owner.find(near[0]):
        return
    yield source.finding(
        "misspelt-method",
        part.node,
        f"{part.name!r} is no method of {owner.offered[near[0]].interface}: nobody calls it",
        f"Did you mean {near[0]!r}?",
    )


_ALL: Final = frozenset(name for these in INTERFACES.values() for name in these)
