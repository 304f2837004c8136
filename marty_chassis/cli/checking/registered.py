"""What a file registers by name: `register_handler("service.pre_register", self.tag)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .parts import Part
from .source import Source


@dataclass(frozen=True, slots=True)
class Registered:
    """One call, by position or by keyword."""

    said: ast.Constant
    """Where the name of the point stands."""
    point: str
    handler: Part | None
    """The function, where it is one of this file."""


def registered(source: Source) -> Iterator[Registered]:
    """Give every registration, and every one that is taken back, whose name is a literal."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="register_handler" | "unregister_handler")):
                given = dict(zip(("name", "handler"), node.args, strict=False))
                given |= {one.arg: one.value for one in node.keywords if one.arg is not None}
                handler = given.get("handler")
                match given.get("name"):
                    case ast.Constant(value=str(point)) as said:
                        part = source.part_of(handler) if handler is not None else None
                        yield Registered(said, point, part)
