"""No extension point is there for nothing: somebody in the chassis asks it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import marty_chassis
from marty_hookspecs.contract import points

ROOT = Path(marty_chassis.__file__).parent
ANSWERING = ROOT / "plugins" / "interfaces.py"
"""It names points to answer them."""


@cache
def named() -> frozenset[str]:
    """Every word and every string in the code, but for documentation."""
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        if path == ANSWERING:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


@pytest.mark.parametrize("point", [p.extension_point for p in points()], ids=lambda s: s.name)
def test_somebody_asks(point) -> None:
    assert {point.name, point.hook} & named()
