"""What a plugin says about itself in `@plugin(...)` or `PluginMetadata(...)`, without running it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from marty_chassis.discovery.metadata import checked, spelled
from marty_chassis.errors import InvalidRequirement, did_you_mean
from marty_chassis.lifecycle.order import check_requirements
from marty_chassis.plugins.decorator import plugin
from marty_chassis.settings.names import folded
from marty_hookspecs import PluginMetadata

from .finding import Finding, parted
from .outline import is_ours
from .parts import Mark
from .source import Source

_FIELDS: Final = tuple(inspect.signature(plugin).parameters)
_RULES: Final[Mapping[str, str]] = {
    "name": "bad-name",
    "contract": "contract",
    "dependencies": "bad-dependency",
    "optional_dependencies": "bad-dependency",
    "provides": "bad-dependency",
}
_SOMEBODY: Final = PluginMetadata("somebody")


@dataclass(frozen=True, slots=True)
class Said:
    """One declaration, as far as it is written in literals."""

    call: ast.Call
    nodes: Mapping[str, ast.expr]
    """What is given, by field."""
    values: Mapping[str, object]
    """The literals among them."""
    whole: bool
    """Whether nothing comes from elsewhere (`**facts`)."""

    @property
    def name(self) -> str:
        """Folded; "" where it is no literal."""
        name = self.values.get("name")
        return spelled(name) if isinstance(name, str) else ""


def declared(source: Source) -> Iterator[Said]:
    """Give every declaration of the file."""
    for call in source.outline.declarations:
        nodes = dict(zip(_FIELDS, call.args, strict=False))
        nodes |= {one.arg: one.value for one in call.keywords if one.arg is not None}
        values: dict[str, object] = {}
        for field, node in nodes.items():
            try:
                values[field] = ast.literal_eval(node)
            except (ValueError, TypeError, SyntaxError, RecursionError):
                continue
        whole = not any(one.arg is None for one in call.keywords)
        yield Said(call, nodes, values, whole)


def check(source: Source) -> Iterator[Finding]:
    """Check each literal as discovery will, in its words; ask for what is not said."""
    for said in declared(source):
        for field, node in said.nodes.items():
            if field not in _FIELDS:
                yield source.finding(
                    "bad-metadata",
                    node,
                    f"a plugin says nothing that is called {field!r}",
                    did_you_mean(field, _FIELDS).strip() or f"There is {', '.join(_FIELDS)}.",
                )
            elif field in said.values:
                yield from _value(field, said, source)
        if said.whole:
            given = {field for field in said.nodes if said.values.get(field) != ""}
            decorates = is_ours(source.names.dotted(said.call.func), "plugin")
            where = "in @plugin(...)" if decorates else "in PluginMetadata(...)"
            yield from _missing(said.call, given, where, source)
    outline = source.outline
    if outline.is_module_plugin and outline.metadata is None and source.kind == "folder":
        marks = [part.mark for part in outline.functions.values() if isinstance(part.mark, Mark)]
        where = "with plugin_metadata = PluginMetadata(...)"
        yield from _missing(marks[0].node, set(), where, source)


def _value(field: str, said: Said, source: Source) -> Iterator[Finding]:
    node, value = said.nodes[field], said.values[field]
    given: dict[str, Any] = {field: value}
    metadata = replace(_SOMEBODY, **given)
    _, wrong = checked(metadata, _SOMEBODY)
    if wrong:
        yield source.finding(_RULES.get(field, "bad-metadata"), node, *parted(wrong))
        return
    if field == "version" and not _is_version(str(value)):
        yield source.finding(
            "bad-version",
            node,
            f"{value!r} is no version as PEP 440 has them, and fits no dependency on one",
            'Write numbers with dots between them: "1.0.0".',
        )
    if _RULES.get(field) == "bad-dependency":
        try:
            check_requirements(said.name, metadata)
        except InvalidRequirement as error:
            yield source.finding("bad-dependency", node, *parted(str(error)))
        words = value if isinstance(value, list | tuple) else ()
        if field != "provides" and said.name in {_head(str(one)) for one in words} - {""}:
            yield source.finding(
                "bad-dependency", node, "it depends on itself, and never starts", "Take it out."
            )


def _missing(at: ast.expr, given: Collection[str], where: str, source: Source) -> Iterator[Finding]:
    # What is installed has the version of its distribution; a martyconf is found, not listed.
    wanted = {"folder": ("version", "description"), "installed": ("description",)}
    missing = [field for field in wanted.get(source.kind, ()) if field not in given]
    if missing:
        yield source.finding(
            "missing-metadata",
            at,
            f"it says no {' and no '.join(missing)}, and operators look for that in every listing",
            f"Say it {where}.",
        )


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _head(requirement: str) -> str:
    """The name at the beginning of a requirement, folded."""
    for at, letter in enumerate(requirement):
        if not (letter.isalnum() or letter in "-_."):
            return folded(requirement[:at])
    return folded(requirement)
