"""One file of a plugin as it ran: whose code it is, and which of its lines does a thing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property
from types import CodeType
from typing import NamedTuple

from .difference import Place
from .names import dotted, known_names
from .part import Definition, part_around, span


class Call(NamedTuple):
    """A call that is written somewhere."""

    name: str
    """As it is resolved by the imports: `logging.getLogger().addHandler`."""
    node: ast.Call

    @property
    def last(self) -> str:
        """What is called: `addHandler`."""
        return self.name.rpartition(".")[2]

    def texts(self) -> set[str]:
        """The texts in its arguments, and what keywords are called."""
        return _texts((*self.node.args, *self.node.keywords))

    def words(self) -> set[str]:
        """Every text, name and attribute that is written in it: in `getLogger("audit").x()`, too."""
        nodes = [*ast.walk(self.node)]
        names = {one.id for one in nodes if isinstance(one, ast.Name)}
        attributes = {one.attr for one in nodes if isinstance(one, ast.Attribute)}
        return _texts([self.node]) | names | attributes


class Store(NamedTuple):
    """Something that is set, or deleted, in something else; by `+=`, `|=` and `setattr`, too."""

    base: str
    """As it is resolved by the imports: `os.environ`, `json`."""
    name: str | None
    """The attribute or the key; `None` for one that is not written out."""
    node: ast.expr | ast.stmt


class Source:
    """A file, or the part of it that is the plugin's.

    within: a line of a class or function which is the plugin, in a file that holds more, as that of
    a test does; with what it refers to in the same file it is the part. Without it the whole file.
    """

    def __init__(self, path: str, text: str, within: int | None = None) -> None:
        self.path = path
        self.text = text
        self._within = within

    @cached_property
    def tree(self) -> ast.Module:
        """What is written; nothing where it cannot be read."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError):
            return ast.Module([], [])

    @cached_property
    def names(self) -> dict[str, str]:
        """What each name stands for that is imported, or bound to something imported."""
        return known_names(self.tree)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call, in the order of the lines."""
        calls = (one for one in self._nodes if isinstance(one, ast.Call))
        return tuple(Call(self.resolved(dotted(one.func)), one) for one in calls)

    @cached_property
    def stores(self) -> tuple[Store, ...]:
        """Every attribute and item that is set or deleted."""
        return tuple(
            Store(self.resolved(dotted(holder)), name, node)
            for node in self._nodes
            for holder, name in _stored(node)
        )

    def imported(self, package: str) -> set[str]:
        """The names of modules that the plugin's part imports, as far as they may be some.

        package: the one that relative imports start at.
        """
        used = {node.id for node in self._nodes if isinstance(node, ast.Name)}
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            names = [n for n in node.names if (n.asname or n.name.partition(".")[0]) in used]
            if isinstance(node, ast.Import):
                found |= {one.name for one in names}
            elif names:
                above = package.split(".")[: 1 - node.level or None] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                found |= {base, *(f"{base}.{one.name}" for one in names)}
        return found

    def resolved(self, name: str) -> str:
        """A dotted name with what its first words stand for."""
        words = name.split(".")
        for at in (2, 1):  # As `self.env`, and `env`.
            if (known := self.names.get(".".join(words[:at]))) is not None:
                return ".".join([known, *words[at:]])
        return name

    def owns(self, code: CodeType) -> bool:
        """Whether a function is written here."""
        return code.co_filename == self.path and self.has(code.co_firstlineno)

    def has(self, line: int) -> bool:
        """Whether a line is the plugin's."""
        return self._spans is None or any(line in span for span in self._spans)

    def at(self, node: ast.expr | ast.stmt) -> Place:
        """The place of something that is written here."""
        return Place(self.path, node.lineno, self._function(node.lineno))

    def class_at(self, qualname: str) -> Place | None:
        """Where a class is written."""
        name = qualname.rpartition(".")[2]
        for node in self._nodes:
            if isinstance(node, ast.ClassDef) and node.name == name:
                return Place(self.path, node.lineno)
        return None

    def refers_to(self, package: str) -> Place | None:
        """The first call of something from a package, else the line that imports it."""
        below = f"{package}."
        for call in self.calls:
            if call.name == package or call.name.startswith(below):
                return self.at(call.node)
        for node in self._nodes:
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            if any(name == package or name.startswith(below) for name in names):
                return self.at(node)
        return None

    @cached_property
    def _nodes(self) -> tuple[ast.expr | ast.stmt, ...]:
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, (ast.expr, ast.stmt)))
        own = (node for node in nodes if self.has(node.lineno))
        return tuple(sorted(own, key=lambda node: node.lineno))

    @cached_property
    def _spans(self) -> tuple[range, ...] | None:
        if self._within is None:
            return None
        return part_around(self._within, self._definitions, self.tree)

    @cached_property
    def _definitions(self) -> tuple[Definition, ...]:
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, Definition))

    def _function(self, line: int) -> str:
        """The innermost function around a line."""
        functions = [node for node in self._definitions if not isinstance(node, ast.ClassDef)]
        around = [node for node in functions if line in span(node)]
        return min(around, key=lambda node: len(span(node))).name if around else ""

    def __repr__(self) -> str:
        return f"<Source {self.path}>"


def _stored(node: ast.AST) -> Iterator[tuple[ast.expr, str | None]]:
    """What is set, or deleted, by this node alone: in what, and under which name."""
    match node:
        case ast.Attribute(value=holder, attr=name, ctx=ast.Store() | ast.Del()):
            yield holder, name
        case ast.Subscript(value=holder, slice=key, ctx=ast.Store() | ast.Del()):
            yield holder, _text(key)
        case ast.AugAssign(target=holder, value=ast.Dict(keys=keys)):
            yield from ((holder, _text(key)) for key in keys)
        case ast.AugAssign(target=holder):
            yield holder, None
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[holder, key, *_]):
            yield holder, _text(key)
        case _:
            pass


def _text(node: ast.expr | None) -> str | None:
    known = node.value if isinstance(node, ast.Constant) else None
    return known if isinstance(known, str) else None


def _texts(nodes: Iterable[ast.AST]) -> set[str]:
    inner = [one for node in nodes for one in ast.walk(node)]
    texts = {one.value for one in inner if isinstance(one, ast.Constant)}
    keywords = {one.arg for one in inner if isinstance(one, ast.keyword)}
    return {one for one in texts | keywords if isinstance(one, str)}
