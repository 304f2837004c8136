"""The functions and classes of a file, as far as plugins are concerned."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .bindings import Function, inside
from .contract import Method, methods_of

_LEAVE_IT: Final = frozenset({"staticmethod", "classmethod", "override", "abstractmethod"})
"""Decorators that change nothing of how a function is called."""


@dataclass(frozen=True, slots=True)
class Mark:
    """`@hookimpl`, or pluggy's own marker, with what stands in its brackets."""

    node: ast.expr
    options: Mapping[str, object]
    """Literals alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A function of a module, or a method of a class."""

    node: Function
    mark: Mark | None
    decorators: tuple[str, ...]
    """Dotted, without the mark; "" for one that is unknown."""
    owner: Class | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.node.name

    @property
    def asynchronous(self) -> bool:
        """Whether it is `async def`."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def yields(self) -> bool:
        """Whether it is a generator: calling it runs nothing of it."""
        return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in inside(self.node))

    @property
    def hook(self) -> str:
        """The hook that it is marked for, with underscores; "" without a mark."""
        if self.mark is None:
            return ""
        said = self.mark.options.get("specname") or self.name
        return str(said).replace(".", "_")

    @property
    def method(self) -> Method | None:
        """What it is to the chassis, where its class has an interface with such a method."""
        if self.owner is None or self.mark is not None:
            return None
        return self.owner.offered.get(self.name)

    @property
    def known_shape(self) -> bool:
        """Whether it is called as it is written: no decorator makes something else of it."""
        return all(one.rpartition(".")[2] in _LEAVE_IT for one in self.decorators)


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class of the module."""

    node: ast.ClassDef
    bases: tuple[Class, ...]
    """Those of this file."""
    interfaces: frozenset[str]
    """Of the IPlugin family, however indirectly; IPlugin itself does not count as one."""
    family: bool
    """Whether it derives from IPlugin at all."""
    opaque: bool
    """Whether a base is from elsewhere, so that it may have methods that are not seen."""
    declaration: ast.Call | None
    """`@plugin(...)`, or `plugin_metadata = PluginMetadata(...)` in its body."""
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def is_plugin(self) -> bool:
        """Whether anything of it is meant for the chassis."""
        marked = any(part.mark for part in self.parts.values())
        return self.family or marked or self.declaration is not None

    @property
    def offered(self) -> dict[str, Method]:
        """The methods that the chassis would call."""
        if self.family:
            return methods_of(self.interfaces)
        return methods_of(frozenset()) if self.declaration is not None else {}

    def find(self, name: str) -> Part | None:
        """Give the method of this name, its own or that of a base in this file."""
        if name in self.parts:
            return self.parts[name]
        return next((found for one in self.bases if (found := one.find(name))), None)
