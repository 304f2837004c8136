"""`get_event_subscriptions`: the methods that it names, and how these can be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from marty_chassis.errors import did_you_mean

from .arguments import of_listener
from .bindings import inside
from .finding import Finding
from .parts import Class
from .source import Source


def check(source: Source) -> Iterator[Finding]:
    """Look at every text that stands as a value in the mapping that is returned."""
    for owner in source.outline.classes.values():
        asked = owner.parts.get("get_event_subscriptions")
        if asked is None or "IEventHandlerPlugin" not in owner.interfaces:
            continue
        for node in inside(asked.node):
            match node:
                case ast.Return(value=ast.Dict(values=values)):
                    for value in values:
                        if isinstance(value, ast.Constant) and isinstance(value.value, str):
                            yield from _handler(value, value.value, owner, source)


def _handler(at: ast.Constant, name: str, owner: Class, source: Source) -> Iterator[Finding]:
    part = owner.find(name)
    if part is not None:
        if part.known_shape and name != "handle_event":
            yield from of_listener(part, source)
    elif owner.find("handle_event") is None and not owner.opaque:
        near = did_you_mean(name, list(owner.parts))
        yield source.finding(
            "missing-handler",
            at,
            f"{owner.node.name} has no method {name!r}, and the plugin does not start",
            f"{near} Write it, or handle_event(self, event_type, event_data).".strip(),
        )
