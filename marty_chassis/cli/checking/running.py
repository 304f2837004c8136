"""What runs in the event loop's thread: what is called there, and what that calls in its turn.

Plain calls of what the file itself defines are followed, `helper()` and `self.helper()`. What is
given to a thread is not called here, and so it is not followed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .bindings import Function, inside
from .contract import LIFE
from .parts import Part
from .source import Source


@dataclass(frozen=True, slots=True)
class Run:
    """One function that runs there, and a way that leads to it."""

    route: tuple[Function, ...]
    """From what the chassis calls, or somebody awaits, to the function: each calls the next."""
    serving: bool
    """Whether it runs for requests, and not only when the plugin comes and goes."""

    @property
    def calls(self) -> str:
        """The way in words; "" where the function is itself what is called."""
        first, *others = (repr(one.name) for one in self.route)
        return f"{first} calls {', which calls '.join(others)}" if others else ""


def running(source: Source) -> Iterator[Run]:
    """Give each function that runs in the event loop once, with what serves requests first."""
    parts = {part.node: part for part in source.outline.parts}

    def serves(node: Function) -> bool:
        part = parts.get(node)
        return part is None or part.name not in LIFE

    begun = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, Function) and _is_called_there(node, parts.get(node))
    ]
    seen = set(begun)
    for one in sorted(begun, key=serves, reverse=True):
        waiting: list[tuple[Function, ...]] = [(one,)]
        for route in waiting:  # It grows while it is read.
            yield Run(route, serves(one))
            new = [called for called in _called(route[-1], source) if called not in seen]
            seen.update(new)
            waiting += [(*route, called) for called in dict.fromkeys(new)]


def _is_called_there(node: Function, part: Part | None) -> bool:
    if isinstance(node, ast.AsyncFunctionDef):
        return True
    if part is None or part.mark is None:
        return part is not None and part.method is not None
    return not part.mark.options.get("blocking")


def _called(caller: Function, source: Source) -> Iterator[Function]:
    """The plain functions of the file that run, as they are written, where the caller does."""
    for node in inside(caller):
        part = source.part_of(node.func) if isinstance(node, ast.Call) else None
        if part is not None and part.known_shape and not (part.asynchronous or part.yields):
            yield part.node
