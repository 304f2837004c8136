"""`get_event_subscriptions`: the methods that it names, and how these can be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from marty_chassis.errors import did_you_mean

from .arguments import of_listener
from .bindings import inside
from .declarations import declared
from .finding import Finding
from .parts import Class, Part
from .source import Source


def check(source: Source) -> Iterator[Finding]:
    """Look at every value of the mapping that is returned."""
    names = {said.call: said.name for said in declared(source)}
    for owner in source.outline.classes.values():
        asked = owner.parts.get("get_event_subscriptions")
        if asked is not None and "IEventHandlerPlugin" in owner.interfaces:
            name = names.get(owner.declaration) if owner.declaration else None
            for one in _of(owner, asked, source):
                yield replace(one, plugin=name or None)


def _of(owner: Class, asked: Part, source: Source) -> Iterator[Finding]:
    for node in inside(asked.node):
        match node:
            case ast.Return(value=ast.Dict(values=values)):
                for value in values:
                    yield from _handler(value, owner, source)
            case ast.Return(
                value=ast.Constant(value=str()) | ast.List() | ast.Tuple() | ast.Set() as said
            ) if _names_no_handlers(said):
                yield source.finding(
                    "missing-handler",
                    said,
                    "it names events and no handlers, and the plugin does not start",
                    'Return a mapping: {"user.login": "handle_login"}.',
                )


def _names_no_handlers(said: ast.Constant | ast.List | ast.Tuple | ast.Set) -> bool:
    """Whether nothing but texts is given; pairs of texts would do."""
    names = [said] if isinstance(said, ast.Constant) else said.elts
    return bool(names) and all(isinstance(one, ast.Constant) for one in names)


def _handler(at: ast.expr, owner: Class, source: Source) -> Iterator[Finding]:
    match at:
        case ast.Constant(value=str(name)):
            yield from _method(at, name, owner, source)
        case _ if (part := source.part_of(at)) is not None:
            yield from _listener(part, source)


def _listener(part: Part, source: Source) -> Iterator[Finding]:
    if part.known_shape and part.name != "handle_event":  # That is looked at as a method.
        yield from of_listener(part, source)


def _method(at: ast.expr, name: str, owner: Class, source: Source) -> Iterator[Finding]:
    part = owner.find(name)
    if part is not None:
        yield from _listener(part, source)
    elif owner.find("handle_event") is None and not owner.opaque:
        near = did_you_mean(name, list(owner.parts))
        yield source.finding(
            "missing-handler",
            at,
            f"{owner.node.name} has no method {name!r}, and the plugin does not start",
            f"{near} Write it, or handle_event(self, event_type, event_data).".strip(),
        )
