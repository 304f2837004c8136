"""What each name of a scope is bound to, and what a scope holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = Function | ast.Lambda | ast.ClassDef | ast.Module

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DOORS: Final = frozenset({"marty_chassis", "marty_chassis.plugins", "marty_hookspecs"})

Bindings = dict[str, str | ast.expr | None]
"""What a name is bound to: the dotted name of what was imported, an expression, or something."""


def bindings(scope: Scope) -> Bindings:
    """Give what the names of a scope are bound to in it."""
    bound: Bindings = dict.fromkeys(_parameters(scope))
    imported: Bindings = {}
    for node in inside(scope):
        for target, value in assigned(node):
            if isinstance(target, ast.Name):
                bind(bound, target.id, value)
        if name := _name_of(node):
            bound.setdefault(name, None)
        for name, dotted in _imports(node):
            imported.setdefault(name, dotted)
    # `try: import x` with an `except ImportError: x = None` is the module where it is there.
    return bound | imported


def inside(scope: Scope) -> Iterator[ast.AST]:
    """Give the nodes of a scope, without the bodies of the scopes in it."""
    body = scope.body if isinstance(scope.body, list) else [scope.body]
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Function | ast.ClassDef):
            waiting += node.decorator_list
        elif not isinstance(node, ast.Lambda):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Give what is bound by this statement alone, and to which expression."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield target, value
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value
        case ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield target, value


def bind(bound: Bindings, name: str, value: ast.expr) -> None:
    """Note a binding; a name that is bound to several things is bound to something."""
    match value:
        case ast.Constant(value=None):
            bound.setdefault(name, None)
        case _ if isinstance(bound.get(name), ast.expr):
            bound[name] = None  # made of this here, and of that there
        case _:
            bound[name] = value


def _parameters(scope: Scope) -> Iterator[str]:
    if isinstance(scope, FUNCTIONS):
        given = scope.args
        for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
            if one is not None:
                yield one.arg


def _name_of(node: ast.AST) -> str | None:
    """The name that is bound here to something."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.MatchAs(name=name) | ast.MatchStar(name=name) | ast.ExceptHandler(name=name):
            return name
    return None


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(names=names):
            for one in names:
                whole = one.name if one.asname else one.name.partition(".")[0]
                yield one.asname or whole, whole
        case ast.ImportFrom(names=names):
            module = "." * node.level + (node.module or "")
            for one in names:
                # What another's star brings is not known: nothing is imported to find out.
                known = import_module(module).__all__ if module in _DOORS else ()
                for name in known if one.name == "*" else [one.name]:
                    yield one.asname or name, f"{module}.{name}"
