"""Names of hooks: those that no extension point has, and those that are written without a mark."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from marty_chassis.errors import did_you_mean

from .contract import HOOKS
from .finding import Finding
from .outline import Part, is_ours
from .source import Source

_NOT_FUNCTIONS: Final = frozenset({"staticmethod", "classmethod", "property"})
_REGISTER: Final = frozenset({"register_handler", "unregister_handler"})


def check(source: Source) -> Iterator[Finding]:
    """Look at every mark, at every function that is named like a hook, at every registration."""
    own = _own_points(source)
    for part in source.outline.parts:
        if part.mark is not None:
            yield from _marked(part, own, source)
        elif part.name in HOOKS:
            yield from _unmarked(part, source)
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr=method), args=[ast.Constant(value=str(name)) as said, *_]
            ) if method in _REGISTER:
                if not _is_known(name, own, source):
                    yield _unknown(said, name, [hook.spec.name for hook in HOOKS.values()], source)


def _marked(part: Part, own: frozenset[str], source: Source) -> Iterator[Finding]:
    mark = part.mark
    if mark is None:
        return
    above = part.node.decorator_list[part.node.decorator_list.index(mark.node) + 1 :]
    for one in above:
        name = source.names.dotted(one)
        if name in _NOT_FUNCTIONS:
            yield source.finding(
                "lost-mark",
                mark.node,
                f"the mark stands on what @{name} makes, where nobody looks: {part.name!r} is not"
                " called",
                f"Write @{name} first, and @hookimpl below it."
                if name != "property"
                else "A hook is a method: take @property away.",
            )
    if not mark.options.get("optionalhook") and not _is_known(part.hook, own, source):
        yield _unknown(part.node, part.hook, sorted(HOOKS), source)


def _unmarked(part: Part, source: Source) -> Iterator[Finding]:
    owner = part.owner
    if part.name in source.outline.mentioned:
        return  # Somebody registers it, or calls it.
    if owner is None:
        if not source.outline.is_module_plugin and source.kind != "martyconf":
            return
    elif not owner.is_plugin or any(
        found is not None and found.mark for found in (one.find(part.name) for one in owner.bases)
    ):
        return  # What overrides a marked method keeps its mark.
    yield source.finding(
        "unmarked-hook",
        part.node,
        f"{part.name!r} is named like a hook and has no mark, so it is not called",
        "Write @hookimpl above it, or give it another name.",
    )


def _unknown(at: ast.AST, name: str, known: list[str], source: Source) -> Finding:
    return source.finding(
        "unknown-hook",
        at,
        f"there is no hook {name!r}, and the plugin does not start",
        f"{did_you_mean(name, known)} `marty hooks list` shows every hook; one that another plugin"
        " brings is marked optionalhook=True.".strip(),
    )


def _is_known(name: str, own: frozenset[str], source: Source) -> bool:
    """Whether there is such a hook, or may be: a plugin that this one depends on may bring it."""
    hook = name.replace(".", "_")
    if hook in HOOKS or hook in own:
        return True
    depends = any(
        one.arg == "dependencies" for d in source.outline.declarations for one in d.keywords
    )
    return depends and not did_you_mean(hook, list(HOOKS))


def _own_points(source: Source) -> frozenset[str]:
    """The hooks that the file makes itself: `ExtensionPoint(name="shop.price")`."""
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and is_ours(source.names.dotted(node.func), "ExtensionPoint"):
            named = [one.value for one in node.keywords if one.arg == "name"]
            for one in [*node.args[:1], *named]:
                if isinstance(one, ast.Constant):
                    found.add(str(one.value).replace(".", "_"))
    return frozenset(found)
