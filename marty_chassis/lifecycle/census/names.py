"""What the names in a file stand for, as far as its text tells."""

from __future__ import annotations

import ast
from collections import Counter


def dotted(node: ast.expr) -> str:
    """An expression as words with dots: `logging.getLogger().addHandler`."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{dotted(node.value)}.{node.attr}"
        case ast.Call():
            return f"{dotted(node.func)}()"
        case ast.Subscript():
            return f"{dotted(node.value)}[]"
        case _:
            return "?"


def known_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for, dotted, and `env` or `self.env` after `= os.environ`."""
    imported = _imported(tree)
    return _renamed(tree, imported) | imported


def _imported(tree: ast.Module) -> dict[str, str]:
    """Relative imports are left out: they are the plugin's own."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                first = one.name.partition(".")[0]
                found[one.asname or first] = one.name if one.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for one in node.names:
                found[one.asname or one.name] = f"{node.module}.{one.name}"
    return found


def _renamed(tree: ast.Module, imported: dict[str, str]) -> dict[str, str]:
    """Names that are bound to one imported thing wherever in the file they are bound at all."""
    bound: Counter[str] = Counter()
    meant: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                bound[dotted(node)] += 1
            case ast.arg(arg=name):
                bound[name] += 1
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                bound[node.name] += 1
            case ast.AugAssign(target=target):
                bound[dotted(target)] -= 1  # `env |= ...` changes what it is bound to.
            case ast.Assign(targets=[target], value=ast.Name() | ast.Attribute() as value):
                first, dot, rest = dotted(value).partition(".")
                stands_for = f"{imported[first]}{dot}{rest}" if first in imported else ""
                meant.setdefault(dotted(target), []).append(stands_for)
            case _:
                pass
    return {
        name: things[0]
        for name, things in meant.items()
        if things[0] and things == things[:1] * bound[name]
    }
