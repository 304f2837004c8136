"""Coroutines that are made and not awaited: `response = call_next(request)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from .bindings import Function
from .finding import Finding
from .source import Source

_HANDLES: Final = frozenset(
    {
        "event_bus.publish",
        "extension_points.call",
        "extension_points.call_detailed",
        "service_registry.register",
        "service_registry.unregister",
        "service_registry.discover",
    }
)
"""The ends of what a plugin writes to reach the asynchronous methods of its context."""


def check(source: Source) -> Iterator[Finding]:
    """Look at every call of `call_next`, and at calls through the context that nobody takes."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id="call_next")):
                function = source.names.function_of(node)
                if isinstance(function, Function) and _is_lost(node, function, source):
                    yield source.finding(
                        "missing-await",
                        node,
                        "call_next gives a coroutine: without await the rest of the request does"
                        " not run",
                        f"Write await {ast.unparse(node)}.",
                    )
            case ast.Expr(value=ast.Call(func=ast.Attribute() as called)):
                if any(ast.unparse(called).endswith(f".{end}") for end in _HANDLES):
                    yield source.finding(
                        "missing-await",
                        called,
                        f"{called.attr} gives a coroutine: without await it does nothing",
                        f"Write await {ast.unparse(called)}(...).",
                    )


def is_waited_for(call: ast.Call, source: Source) -> bool:
    """Whether what a call gives is awaited in the same function, at once or by its name."""
    function = source.names.function_of(call)
    match source.names.parents[call]:
        case ast.Await():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) if isinstance(function, Function):
            return _is_awaited(name, function)
    return False


def _is_lost(call: ast.Call, function: Function, source: Source) -> bool:
    """Whether its answer is used as if it were the response itself, or not at all."""
    parent = source.names.parents[call]
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return not _is_awaited(name, function) and _is_looked_into(name, function)
        case ast.Return():
            # A plain function may hand on what is to be awaited.
            return isinstance(function, ast.AsyncFunctionDef)
        case ast.Expr() | ast.Attribute():
            return True
    return False


def _is_awaited(name: str, function: Function) -> bool:
    for node in ast.walk(function):
        match node:
            case ast.Await(value=value):
                if any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(value)):
                    return True
            case ast.Call(args=args) if any(
                isinstance(one, ast.Name) and one.id == name for one in args
            ):
                return True
    return False


def _is_looked_into(name: str, function: Function) -> bool:
    plain = isinstance(function, ast.FunctionDef)
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id=found)) if found == name:
                return True
            case ast.Return(value=ast.Name(id=found)) if found == name and not plain:
                return True
    return False
