"""Plugins that nobody finds: `@plugin(...)` is missing, or stands where it makes none."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from .bindings import Function
from .finding import Finding
from .outline import is_ours
from .parts import Class
from .source import Source


def check(sources: Sequence[Source], elsewhere: Collection[str]) -> Iterator[Finding]:
    """Look at the files of one plugin file or package.

    elsewhere: every word of all that is looked at, as a class that stands beside a plugin may be
    a base of others.
    """
    outlines = [source.outline for source in sources]
    plugins = any(one.is_module_plugin or any(one.declarations) for one in outlines)
    own = frozenset[str]().union(*(one.mentioned for one in outlines))
    mentioned = elsewhere if plugins else own
    for source in sources:
        for one in source.outline.classes.values():
            if (bare := _bare(one.node, source)) is not None:
                yield _without_brackets(one.node, bare, source)
            elif source.kind != "installed" and _wants_to_be_found(one, mentioned):
                yield _undecorated(one.node.name, one.node, source, beside=plugins)
        for part in source.outline.functions.values():
            yield from _on_a_function(part.node, source)


def _wants_to_be_found(one: Class, mentioned: Collection[str]) -> bool:
    """Whether it is made like a plugin, and for nobody's use."""
    parts = one.parts.values()
    used = one.node.name in mentioned or one.node.name.startswith("_")
    abstract = any("abc.abstractmethod" in part.decorators for part in parts)
    ours = one.family or any(part.mark for part in parts)
    return ours and one.declaration is None and not (used or abstract)


def _undecorated(name: str, at: ast.AST, source: Source, *, beside: bool) -> Finding:
    hint = f'Write @plugin(name="{name.lower()}", version="1.0.0") above it.'
    # Those that it is a base of may be where nobody looks now.
    return source.finding(
        "not-decorated",
        at,
        f"{name} is no plugin: nothing says its name, so it is not found",
        f"{hint} A base of others is called _*." if beside else hint,
        "warning" if beside else "error",
    )


def _without_brackets(node: ast.ClassDef, at: ast.expr, source: Source) -> Finding:
    return source.finding(
        "not-decorated",
        at,
        f"@plugin without arguments makes no plugin of {node.name}, and leaves no class of it",
        f'Write @plugin(name="{node.name.lower()}", version="1.0.0"): it takes arguments.',
    )


def _on_a_function(node: Function, source: Source) -> Iterator[Finding]:
    for one in node.decorator_list:
        called = one.func if isinstance(one, ast.Call) else one
        if is_ours(source.names.dotted(called), "plugin"):
            yield source.finding(
                "not-decorated",
                one,
                f"@plugin stands on the function {node.name!r}, and only a class can be a plugin",
                "Write a class; or mark the function with @hookimpl, and let the module say who it"
                " is: plugin_metadata = PluginMetadata(...).",
            )


def _bare(node: ast.ClassDef, source: Source) -> ast.expr | None:
    decorators = node.decorator_list
    return next((one for one in decorators if is_ours(source.names.dotted(one), "plugin")), None)
