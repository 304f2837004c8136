"""One section for each extension point, made of its specification."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from marty_chassis.plugins.offers import OFFERS
from marty_hookspecs import Point, PointSpec, service
from marty_hookspecs.contract import points

METHODS = {offer.hook: f"{offer.interface.__name__}.{offer.method}" for offer in OFFERS} | {
    "events_subscriptions": "IEventHandlerPlugin.get_event_subscriptions"
}
"""The method of the IPlugin family that answers a hook."""


BAR = r"\|"
"""A bar inside of a cell."""


def contents() -> str:
    """A list of links to the sections."""
    specs = [point.extension_point for point in points()]
    return "\n".join(f"- [`{spec.name}`](#{_anchor(spec.name)})" for spec in specs)


def sections() -> str:
    """One section for each point, in the order of the contract."""
    return "\n\n".join(_section(point) for point in points())


def values() -> str:
    """The keys of what the points about services hand on."""
    return "\n\n".join(_keys(name) for name in ("ServiceInfo", "ServiceQuery"))


def _section(point: Point[Any, Any, Any]) -> str:
    spec = point.extension_point
    summary, fields, example = _words(point)
    rows = "\n".join(f"| {key} | {value} |" for key, value in _facts(point, fields))
    return (
        f"### `{spec.name}`\n\n{summary}\n\n| | |\n|---|---|\n{rows}\n\n"
        f"<!-- file: plugins/{spec.hook}.py -->\n```python\n{example}\n```"
    )


def _facts(point: Point[Any, Any, Any], fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    spec: PointSpec[Any, Any] = point.extension_point
    signature = inspect.signature(point)
    takes = [f"`{name}: {one.annotation}`" for name, one in signature.parameters.items()]
    yield "takes", ", ".join(takes) or "nothing"
    gives = signature.return_annotation.replace("|", BAR)
    yield "a plugin gives", "nothing" if gives == "None" else f"`{gives}`"
    yield "type", f"{spec.type.name}{'; each plugin gets a deep copy' if spec.copy else ''}"
    yield "called", fields["called"]
    yield "answers", fields["results"]
    yield "an error", fields["errors"]
    yield "deadline", f"{spec.deadline:g} s for each plugin" if spec.deadline else "none"
    if spec.hook in METHODS:
        interface, _, method = METHODS[spec.hook].partition(".")
        yield "as a method", f"[`{interface}`](interfaces.md#{interface.lower()})`.{method}`"
    yield "since", f"version {spec.since} of the contract"
    if spec.deprecated:
        yield "deprecated", spec.deprecated


def _words(point: Point[Any, Any, Any]) -> tuple[str, dict[str, str], str]:
    """The summary, the fields and the example of a docstring."""
    text = inspect.getdoc(point) or ""
    head, _, lines = text.partition(">>> ")
    fields = {
        name: " ".join(words.split()).rstrip(".")
        for name, words in re.findall(r"^:(\w+): (.*?)(?=^:|\Z)", head, re.DOTALL | re.MULTILINE)
    }
    return head.splitlines()[0], fields, _plugin(re.sub(r"^\.\.\. ", "", lines, flags=re.MULTILINE))


def _plugin(example: str) -> str:
    """The example as a file of a plugin folder."""
    name = re.match(r"class (\w+)", example)
    assert name is not None, example
    return (
        "from marty_chassis.plugins import hookimpl, plugin\n\n\n"
        f'@plugin(name="{name[1].lower()}", version="1.0.0")\n{_spaced(example.strip())}'
    )


def _spaced(example: str) -> str:
    """An empty line before each further method of the class, as one writes them."""
    lines = example.splitlines()
    for number in range(len(lines) - 1, 1, -1):
        starts = re.match(r"    (async )?def |    @", lines[number])
        if starts and not lines[number - 1].startswith("    @"):
            lines.insert(number, "")
    return "\n".join(lines)


def _keys(name: str) -> str:
    """A table of the keys of a typed dictionary; what a key is stands below it in the source."""
    (kind,) = ast.parse(dedent(inspect.getsource(getattr(service, name)))).body
    assert isinstance(kind, ast.ClassDef)
    rows: list[list[str]] = []
    for one in kind.body:
        if isinstance(one, ast.AnnAssign):
            rows.append([f"`{ast.unparse(one.target)}`", f"`{ast.unparse(one.annotation)}`", ""])
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and rows:
            rows[-1][2] = " ".join(str(one.value.value).split())
    summary = inspect.getdoc(getattr(service, name)) or ""
    table = "\n".join(f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |" for row in rows)
    return f"### `{name}`\n\n{summary}\n\n| key | type | |\n|---|---|---|\n{table}"


def _anchor(name: str) -> str:
    return name.replace(".", "")
