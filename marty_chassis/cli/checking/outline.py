"""What of a file is a plugin: its classes with their interfaces, its functions with their marks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from marty_hookspecs import PROJECT_NAME

from .bindings import Function
from .contract import INTERFACES
from .names import Names
from .parts import Class, Mark, Part

_HARMLESS: Final = ("abc.", "typing.", "typing_extensions.", "object")
"""Bases that bring no methods."""
_PLUGGYS: Final = "pluggy.HookimplMarker()"


class Outline:
    """All of one file."""

    def __init__(self, tree: ast.Module, names: Names) -> None:
        self._tree = tree
        self._names = names
        self.classes: dict[str, Class] = {}
        self.functions: dict[str, Part] = {}
        self.metadata: ast.Call | None = None
        """`plugin_metadata = PluginMetadata(...)`."""
        for node in _statements(tree.body):
            match node:
                case ast.ClassDef():
                    self.classes[node.name] = self._class(node)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.functions[node.name] = self._part(node, None)
                case _:
                    self.metadata = _metadata(node) or self.metadata

    @property
    def parts(self) -> Iterator[Part]:
        """Every function and every method."""
        yield from self.functions.values()
        for one in self.classes.values():
            yield from one.parts.values()

    @property
    def is_module_plugin(self) -> bool:
        """Whether the module itself is one."""
        marked = any(part.mark for part in self.functions.values())
        return marked or self.metadata is not None

    @property
    def declarations(self) -> Iterator[ast.Call]:
        """Every `@plugin(...)` and `PluginMetadata(...)`."""
        found = (one.declaration for one in self.classes.values())
        yield from (one for one in (*found, self.metadata) if one is not None)

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Every word that the file uses: names, attributes, texts, imports; not what it defines."""
        found: set[str] = set()
        for node in ast.walk(self._tree):
            match node:
                case ast.Name(id=word, ctx=ast.Load()) | ast.Attribute(attr=word):
                    found.add(word)
                case ast.Constant(value=str(word)) if word.isidentifier():
                    found.add(word)
                case ast.alias(name=word):
                    found.add(word)
        return frozenset(found)

    def _class(self, node: ast.ClassDef) -> Class:
        bases: list[Class] = []
        interfaces: set[str] = set()
        family = opaque = False
        for written in node.bases:
            base = written.value if isinstance(written, ast.Subscript) else written
            dotted = self._names.dotted(base)
            last = dotted.rpartition(".")[2]
            if isinstance(base, ast.Name) and base.id in self.classes and not dotted:
                local = self.classes[base.id]
                bases.append(local)
                interfaces |= local.interfaces
                family, opaque = family or local.family, opaque or local.opaque
            elif is_ours(dotted) and (last in INTERFACES or last == "IPlugin"):
                family = True
                interfaces |= {last} & INTERFACES.keys()
            elif not dotted.startswith(_HARMLESS):
                opaque = True
        decorators = [one for one in node.decorator_list if isinstance(one, ast.Call)]
        said = [one for one in decorators if is_ours(self._names.dotted(one.func), "plugin")]
        said += filter(None, map(_metadata, node.body))
        found = Class(
            node,
            tuple(bases),
            frozenset(interfaces),
            family,
            opaque,
            said[0] if said else None,
        )
        for one in _statements(node.body):
            if isinstance(one, Function):
                found.parts[one.name] = self._part(one, found)
        return found

    def _part(self, node: Function, owner: Class | None) -> Part:
        marks = {one: self._mark(one) for one in node.decorator_list}
        others = tuple(self._names.dotted(one) for one in node.decorator_list if not marks[one])
        mark = next((one for one in marks.values() if one is not None), None)
        return Part(node, mark, others, owner)

    def _mark(self, node: ast.expr) -> Mark | None:
        marker = node.func if isinstance(node, ast.Call) else node
        dotted = {self._names.dotted(marker), self._names.dotted(node)}
        if not any(map(_is_marker, dotted)) or (_PLUGGYS in dotted and self._marks_for_others):
            return None
        options: dict[str, object] = {}
        for one in node.keywords if isinstance(node, ast.Call) else ():
            if one.arg is not None and isinstance(one.value, ast.Constant):
                options[one.arg] = one.value.value
        return Mark(node, options)

    @cached_property
    def _marks_for_others(self) -> bool:
        """Whether it makes a marker of pluggy's for another project."""
        return any(
            isinstance(one, ast.Call)
            and self._names.dotted(one) == _PLUGGYS
            and isinstance(said := next(iter(one.args), None), ast.Constant)
            and said.value != PROJECT_NAME
            for one in ast.walk(self._tree)
        )

    def __repr__(self) -> str:
        return f"<Outline of {len(self.classes)} classes and {len(self.functions)} functions>"


def is_ours(dotted: str, name: str = "") -> bool:
    """Whether a dotted name leads into the chassis or its contract, to this name if one is given."""
    root, _, rest = dotted.partition(".")
    ours = root in ("marty_chassis", "marty_hookspecs") and bool(rest)
    return ours and (not name or rest.rpartition(".")[2] == name)


def _is_marker(dotted: str) -> bool:
    """Whether it marks hookimpls: ours, one made of pluggy's, one from beside the file."""
    beside = dotted.startswith(".") and dotted.endswith(".hookimpl")
    return beside or is_ours(dotted, "hookimpl") or dotted == _PLUGGYS


def _metadata(node: ast.stmt) -> ast.Call | None:
    match node:
        case ast.Assign(targets=[ast.Name(id="plugin_metadata")], value=ast.Call() as said):
            return said
    return None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module or a class, those in `if` and `try` included."""
    for node in body:
        yield node
        match node:
            case ast.If() | ast.Try() | ast.TryStar() | ast.With():
                for name in ("body", "orelse", "finalbody"):
                    yield from _statements(getattr(node, name, []))
                for handler in getattr(node, "handlers", []):
                    yield from _statements(handler.body)
