"""Which lines of a file are a plugin's, where others write in it, too: as in that of a test."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def part_around(
    line: int, definitions: Sequence[Definition], tree: ast.Module
) -> tuple[range, ...]:
    """Give the lines of the class or function around this one, and of all that it refers to."""
    around = [node for node in definitions if line in span(node)]
    if not around:
        return ()
    # A line of a method stands for its class.
    classes = [node for node in around if isinstance(node, ast.ClassDef)]
    root = min(classes or around, key=lambda node: len(span(node)))
    visible = _names(tree.body)
    for one in sorted(around, key=lambda node: -len(span(node))):
        if not isinstance(one, ast.ClassDef):
            visible |= _names(one.body)
    todo: list[ast.stmt] = [root]
    part: list[ast.stmt] = []
    while todo:
        part.append(node := todo.pop())
        used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        new = (visible[name] for name in used if name in visible)
        todo += [one for one in new if one not in (*part, *todo)]
    return tuple(span(node) for node in part)


def span(node: ast.stmt) -> range:
    """Give the lines of a statement, its decorators included."""
    decorators = getattr(node, "decorator_list", ())
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return range(first, (node.end_lineno or node.lineno) + 1)


def _names(body: Iterable[ast.stmt]) -> dict[str, ast.stmt]:
    """What these statements define, but for imports."""
    found: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, Definition):
            found[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {one.id: node for one in targets if isinstance(one, ast.Name)}
    return found
