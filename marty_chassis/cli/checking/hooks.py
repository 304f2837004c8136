"""Names of hooks: those that no extension point has, and those that are written without a mark."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from marty_chassis.errors import did_you_mean

from .contract import HOOKS
from .finding import Finding
from .outline import is_ours
from .parts import Mark, Part
from .registered import registered
from .source import Source

_NOT_FUNCTIONS: Final = {
    "staticmethod": "Write @staticmethod first, and @hookimpl below it.",
    "classmethod": "Write @classmethod first, and @hookimpl below it.",
    "property": "A hook is a method: take @property away.",
}

_OPTIONAL: Final = "one that another plugin brings is marked optionalhook=True"
_DEPENDS: Final = "one that another plugin brings wants that plugin among the dependencies"


def check(source: Source) -> Iterator[Finding]:
    """Look at every mark, at every function that is named like a hook, at every registration."""
    own = _own_points(source)
    for part in source.outline.parts:
        if part.mark is None:
            yield from _unmarked(part, source)
            continue
        yield from _lost(part, part.mark, source)
        if not part.mark.options.get("optionalhook") and not _is_known(part.hook, own, source):
            yield _unknown(part.node, part.hook, list(HOOKS), _OPTIONAL, source)
    for one in registered(source):
        if not _is_known(one.point, own, source):
            points = [hook.spec.name for hook in HOOKS.values()]
            yield _unknown(one.said, one.point, points, _DEPENDS, source)


def _lost(part: Part, mark: Mark, source: Source) -> Iterator[Finding]:
    decorators = part.node.decorator_list
    for one in decorators[decorators.index(mark.node) + 1 :]:
        name = source.names.dotted(one)
        if name in _NOT_FUNCTIONS:
            yield source.finding(
                "lost-mark",
                mark.node,
                f"the mark stands on what @{name} makes, where nobody looks: {part.name!r} is not"
                " called",
                _NOT_FUNCTIONS[name],
            )


def _unmarked(part: Part, source: Source) -> Iterator[Finding]:
    owner = part.owner
    if part.name not in HOOKS or part.name in source.outline.mentioned:
        return  # Where it is mentioned somebody registers it, or calls it.
    if owner is None:
        ours = source.outline.is_module_plugin or source.kind == "martyconf"
    else:  # What overrides a marked method keeps its mark.
        marked = (found for one in owner.bases if (found := one.find(part.name)) and found.mark)
        ours = owner.is_plugin and not any(marked)
    if not ours:
        return
    yield source.finding(
        "unmarked-hook",
        part.node,
        f"{part.name!r} is named like a hook and has no mark, so it is not called",
        "Write @hookimpl above it, or give it another name.",
    )


def _unknown(at: ast.AST, name: str, known: list[str], brought: str, source: Source) -> Finding:
    return source.finding(
        "unknown-hook",
        at,
        f"there is no hook {name!r}, and the plugin does not start",
        f"{did_you_mean(name, known)} `marty hooks list` shows every hook; {brought}.".strip(),
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
