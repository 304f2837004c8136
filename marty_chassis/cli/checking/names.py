"""What an expression stands for, as far as the file itself says: `req.get` is `requests.get`.

Only what a file imports, and what it makes of that at once (`self.db = sqlite3.connect(...)`), is
known; everything else is unknown, and nobody is accused for it.
"""

from __future__ import annotations

import ast
import builtins
from typing import Final

from .bindings import FUNCTIONS, Bindings, Function, Scope, assigned, bind, bindings

_SCOPES: Final = (*FUNCTIONS, ast.ClassDef, ast.Module)
_DEEP: Final = 20
"""So far a name is followed; one that is bound to itself, in a circle, is unknown."""


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

    def dotted(self, node: ast.AST) -> str:
        """Give the dotted name of an expression, `()` for each call in it; "" when unknown."""
        return self._dotted(node, 0)

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

    def is_defined_here(self, node: ast.Name) -> bool:
        """Whether a name is one of the module, and bound there to neither an import nor a value."""
        scope = self._scope_of_name(node)
        return isinstance(scope, ast.Module) and self._bindings(scope).get(node.id, "") is None

    def _dotted(self, node: ast.AST, depth: int) -> str:
        if depth > _DEEP:
            return ""
        match node:
            case ast.Name():
                return self._found(node, depth)
            case ast.Attribute(value=value, attr=attribute):
                if (made := self._made(node)) is not None:
                    return self._dotted(made, depth + 1)
                base = self._dotted(value, depth + 1)
                return f"{base}.{attribute}" if base else ""
            case ast.Call(func=function):
                called = self._dotted(function, depth + 1)
                return f"{called}()" if called else ""
        return ""

    def _found(self, node: ast.Name, depth: int) -> str:
        bound = self._bindings(self._scope_of_name(node))
        if node.id not in bound:
            return node.id if hasattr(builtins, node.id) else ""
        what = bound[node.id]
        if isinstance(what, ast.expr):
            return self._dotted(what, depth + 1)
        return what or ""

    def _scope_of_name(self, node: ast.Name) -> Scope:
        """The scope in which a name is bound; the module, if that is in none."""
        scope = self.scope_of(node)
        while node.id not in self._bindings(scope) and not isinstance(scope, ast.Module):
            scope = self.scope_of(scope)
            while isinstance(scope, ast.ClassDef):  # Its names are not seen from its methods.
                scope = self.scope_of(scope)
        return scope

    def _made(self, node: ast.Attribute) -> ast.expr | None:
        """What `self.x` was made of, in whichever method of the class."""
        owner = self.class_of(node)
        if owner is None or not isinstance(node.value, ast.Name) or node.value.id != "self":
            return None
        if owner not in self._attributes:
            bound: Bindings = {}
            for part in ast.walk(owner):
                for target, value in assigned(part):
                    match target:
                        case ast.Attribute(value=ast.Name(id="self"), attr=name):
                            bind(bound, name, value)
            self._attributes[owner] = bound
        found = self._attributes[owner].get(node.attr)
        return found if isinstance(found, ast.expr) else None

    def _bindings(self, scope: Scope) -> Bindings:
        if scope not in self._bound:
            self._bound[scope] = bindings(scope)
        return self._bound[scope]

    def __repr__(self) -> str:
        return f"<Names of {len(self.parents)} nodes>"
