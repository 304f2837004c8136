"""What an expression stands for, as far as the file itself says: `req.get` is `requests.get`.

Only what a file imports, and what it makes of that at once (`self.db = sqlite3.connect(...)`), is
known; everything else is unknown, and nobody is accused for it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from importlib import import_module
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = Function | ast.Lambda | ast.ClassDef | ast.Module

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES: Final = (*_FUNCTIONS, ast.ClassDef, ast.Module)
_DOORS: Final = frozenset({"marty_chassis", "marty_chassis.plugins", "marty_hookspecs"})

Bindings = dict[str, str | ast.expr | None]
"""What a name is bound to: the dotted name of what was imported, an expression, or something."""


class Names:
    """The names of one file."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents = {
            child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)
        }
        self._tree = tree
        self._modules = {
            one.name.rsplit(".", up)[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for one in node.names
            for up in range(one.name.count(".") + 1)
        }
        self._bound: dict[Scope, Bindings] = {}
        self._attributes: dict[ast.ClassDef, Bindings] = {}

    def dotted(self, node: ast.AST, depth: int = 0) -> str:
        """Give the dotted name of an expression, `()` for each call in it; "" when unknown."""
        if depth > 20:  # bound to itself, in a circle
            return ""
        match node:
            case ast.Name(id=name):
                return self._found(name, node, depth)
            case ast.Attribute(value=value, attr=attribute):
                if (made := self._made(node)) is not None:
                    return self.dotted(made, depth + 1)
                base = self.dotted(value, depth + 1)
                return f"{base}.{attribute}" if base else ""
            case ast.Call(func=function):
                called = self.dotted(function, depth + 1)
                return f"{called}()" if called else ""
        return ""

    def is_module(self, dotted: str) -> bool:
        """Whether an `import` of the file says that this is a module."""
        return dotted in self._modules

    def function_of(self, node: ast.AST) -> Function | ast.Lambda | None:
        """Give the function whose body this runs in."""
        scope = self.scope_of(node)
        while isinstance(scope, ast.ClassDef):
            scope = self.scope_of(scope)
        return None if isinstance(scope, ast.Module) else scope

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """Give the class in one of whose methods this runs."""
        function = self.function_of(node)
        while function is not None:
            owner = self.parents.get(function)
            if isinstance(owner, ast.ClassDef):
                return owner
            function = self.function_of(function)
        return None

    def scope_of(self, node: ast.AST) -> Scope:
        """Give the innermost scope that this runs in; decorators and defaults run outside."""
        child, parent = node, self.parents.get(node)
        while parent is not None:
            inside = isinstance(child, ast.stmt) or isinstance(parent, ast.Lambda)
            if isinstance(parent, _SCOPES) and inside and not isinstance(child, ast.arguments):
                return parent
            child, parent = parent, self.parents.get(parent)
        return self._tree

    def _found(self, name: str, node: ast.AST, depth: int) -> str:
        scope = self.scope_of(node)
        while True:
            bound = self._bindings(scope)
            if name in bound:
                what = bound[name]
                if isinstance(what, ast.expr):
                    return self.dotted(what, depth + 1)
                return what or ""
            if isinstance(scope, ast.Module):
                return name if hasattr(builtins, name) else ""
            scope = self.scope_of(scope)
            while isinstance(scope, ast.ClassDef):  # Its names are not seen from its methods.
                scope = self.scope_of(scope)

    def _made(self, node: ast.Attribute) -> ast.expr | None:
        """What `self.x` was made of, in whichever method of the class."""
        owner = self.class_of(node)
        if owner is None or not isinstance(node.value, ast.Name) or node.value.id != "self":
            return None
        if owner not in self._attributes:
            bound: Bindings = {}
            for part in ast.walk(owner):
                for target, value in _assigned(part):
                    match target:
                        case ast.Attribute(value=ast.Name(id="self"), attr=name):
                            _bind(bound, name, value)
            self._attributes[owner] = bound
        found = self._attributes[owner].get(node.attr)
        return found if isinstance(found, ast.expr) else None

    def _bindings(self, scope: Scope) -> Bindings:
        if scope not in self._bound:
            self._bound[scope] = _bindings(scope)
        return self._bound[scope]

    def __repr__(self) -> str:
        return f"<Names of {len(self.parents)} nodes>"


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


def _bindings(scope: Scope) -> Bindings:
    imported: Bindings = {}
    bound: Bindings = {}
    if isinstance(scope, _FUNCTIONS):
        given = scope.args
        all_of_them = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        all_of_them += [one for one in (given.vararg, given.kwarg) if one is not None]
        bound.update((one.arg, None) for one in all_of_them)
    known: set[ast.AST] = set()
    for node in inside(scope):
        for target, value in _assigned(node):
            if isinstance(target, ast.Name):
                known.add(target)
                _bind(bound, target.id, value)
        match node:
            case ast.Import(names=names):
                for one in names:
                    whole = one.name if one.asname else one.name.partition(".")[0]
                    imported.setdefault(one.asname or whole, whole)
            case ast.ImportFrom(names=names):
                module = "." * node.level + (node.module or "")
                for one in names:
                    if one.name == "*":
                        imported |= _everything_of(module)
                    else:
                        imported.setdefault(one.asname or one.name, f"{module}.{one.name}")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound[name] = None
            case ast.ClassDef(name=name) | ast.MatchAs(name=str(name)):
                bound[name] = None
            case ast.ExceptHandler(name=str(name)) | ast.MatchStar(name=str(name)):
                bound[name] = None
            case ast.Name(id=name, ctx=ast.Store()) if node not in known:
                bound[name] = None
    # `try: import x` with an `except ImportError: x = None` is the module where it is there.
    return bound | imported


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
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


def _bind(bound: Bindings, name: str, value: ast.expr) -> None:
    match value:
        case ast.Constant(value=None):
            bound.setdefault(name, None)
        case _ if isinstance(bound.get(name), ast.expr):
            bound[name] = None  # made of this here, and of that there
        case _:
            bound[name] = value


def _everything_of(module: str) -> Bindings:
    """What `from module import *` brings, of ours; nothing of others is imported to find out."""
    if module not in _DOORS:
        return {}
    return {name: f"{module}.{name}" for name in import_module(module).__all__}
