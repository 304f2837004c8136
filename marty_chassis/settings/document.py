"""A YAML file as plain values, with the place of each: `config.yaml:11:5`.

The nodes are walked by our own hand, once: it finds everything that is wrong with them, not the
first thing alone, and no message repeats a value, which may be a secret. YAML 1.2: `on`, `yes` and
`no` are text.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path as FilePath
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from marty_chassis.errors import Problem
from marty_chassis.settings.layer import Layer
from marty_chassis.settings.parse import NO_TAG, line_column, parsed
from marty_chassis.settings.places import Kind, Origin, Path, dotted
from marty_chassis.settings.textfile import read_text, unreadable

__all__ = ["MOST_VALUES", "read_document"]

MOST_VALUES: Final = 100_000
"""values a file may expand to: aliases share, but whoever walks them does not"""

_VALUE_ERRORS = (ValueError, KeyError, IndexError, OverflowError, YAMLError)
_CORE = "tag:yaml.org,2002:"
_SCALARS = frozenset(
    _CORE + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "binary")
)


def read_document(path: FilePath, cwd: FilePath | None = None) -> Layer:
    """Read the file; what is wrong inside is in the layer's problems, with the rest still there.

    Messages call it as it is named; a relative one starts at `cwd`.

    Raises InvalidConfiguration where nothing can be read: the file is missing, a folder, too
    large, not UTF-8, or not YAML. An empty file is an empty configuration.
    """
    where = (cwd or FilePath.cwd()) / path
    text = read_text(where, path)
    root, yaml = parsed(text, path)
    walk = _Walk(path, where.parent, yaml)
    if root is None or root.tag == _CORE + "null":
        return walk.layer
    if not isinstance(root, MappingNode):
        message = f"the file must hold keys and values, found {_kind(root)}"
        raise unreadable(path, line_column(root.start_mark), message, "Begin with `service:`.")
    data = walk.value(root, ())
    walk.layer.data = data if isinstance(data, dict) else {}
    return walk.layer


_NOTHING: Final = object()


class _Walk:
    """One walk over the nodes of one file."""

    def __init__(self, path: FilePath, base: FilePath, yaml: YAML) -> None:
        self.path = path
        self.base = base
        self.scalars = yaml.constructor
        self.layer = Layer(origins={(): self.origin("")})
        self.open: set[int] = set()
        self.left = MOST_VALUES

    def origin(self, place: str) -> Origin:
        return Origin(Kind.FILE, f"{self.path}:{place}" if place else str(self.path), self.base)

    def problem(self, path: Path, node: Node, message: str, hint: str = "") -> None:
        place = f"{self.path}:{line_column(node.start_mark)}"
        self.layer.problems.append(Problem(dotted(path), message, place, hint))

    def value(self, node: Node, path: Path) -> object:
        """Give what the node stands for; _NOTHING, which nobody keeps, where a problem was found."""
        self.left -= 1
        if self.left < 0:
            message = f"the file expands to more than {MOST_VALUES:,} values"
            hint = "Write fewer aliases (*name): each one counts with all that is below it."
            raise unreadable(self.path, line_column(node.start_mark), message, hint)
        if isinstance(node, ScalarNode):
            return self.scalar(node, path)
        if id(node) in self.open:
            self.problem(path, node, "an alias inside of what it stands for")
            return _NOTHING
        if node.tag not in (_CORE + "map", _CORE + "seq"):
            self.problem(path, node, NO_TAG, _TAG_HINT)
            return _NOTHING
        self.open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self.mapping(node, path)
            items = [self.item(child, (*path, i)) for i, child in enumerate(node.value)]
            return [item for item in items if item is not _NOTHING]
        finally:
            self.open.discard(id(node))

    def item(self, node: Node, path: Path) -> object:
        self.layer.origins[path] = self.origin(line_column(node.start_mark))
        return self.value(node, path)

    def scalar(self, node: ScalarNode, path: Path) -> object:
        if node.tag == _CORE + "value":  # a lone `=`
            return node.value
        if node.tag not in _SCALARS:
            self.problem(path, node, NO_TAG, _TAG_HINT)
            return _NOTHING
        try:
            return self.scalars.construct_object(node)
        except _VALUE_ERRORS:
            kind = node.tag.removeprefix(_CORE)
            hint = "Quote it if it is text."
            self.problem(path, node, f"looks like a value of type {kind}, and is none", hint)
            return _NOTHING

    def mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        """Give the mapping; a key's own value wins over one that `<<` brings."""
        result: dict[str, object] = {}
        merged: list[MappingNode] = []
        first: dict[Hashable, Node] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _CORE + "merge":
                merged += self.merged(value_node, path)
                continue
            key = self.key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in first:
                before = line_column(first[key].start_mark)
                hint = f"It is there already, at {self.path}:{before}; keep one."
                self.problem(here, key_node, "a key for the second time", hint)
                continue
            first[key] = key_node
            place = value_node if isinstance(value_node, ScalarNode) else key_node
            self.layer.origins[here] = self.origin(line_column(place.start_mark))
            value = self.value(value_node, here)
            if value is not _NOTHING:
                result[key] = value
        for brought in merged:
            self.bring(brought, path, result)
        return result

    def key(self, node: Node, path: Path) -> str | None:
        """Give the key as text: YAML's `8080:` and `true:` are keys as they are written."""
        if isinstance(node, ScalarNode) and node.tag in _SCALARS:
            return str(node.value)
        self.problem(path, node, "a key must be plain text", "Quote it.")
        return None

    def merged(self, node: Node, path: Path) -> list[MappingNode]:
        """Give the mappings that one `<<` brings, the strongest first."""
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        found = [child for child in nodes if isinstance(child, MappingNode)]
        if len(found) < len(nodes):
            self.problem(path, node, "`<<` brings in mappings, and this is none")
        return found

    def bring(self, node: MappingNode, path: Path, result: dict[str, object]) -> None:
        """Add what `<<` brings and is not there; its places are the anchor's lines."""
        places, self.layer.origins = self.layer.origins, {}
        brought = self.value(node, path)
        for place, origin in self.layer.origins.items():
            places.setdefault(place, origin)
        self.layer.origins = places
        if isinstance(brought, dict):
            for key, value in brought.items():
                result.setdefault(key, value)


_TAG_HINT = "Remove it, or quote the value if it begins with an exclamation mark."


def _kind(node: Node) -> str:
    return "a list" if isinstance(node, SequenceNode) else "a single value"
