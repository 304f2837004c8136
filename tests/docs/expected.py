"""What a page says that comes out, compared with what came out."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import Any

HOME = "/srv/orders"
"""What pages call the folder in which their snippets run."""


def compare(language: str, expected: str, found: str, folder: Path) -> None:
    """Raise `AssertionError` where they differ; `...` stands for anything."""
    found = found.replace(str(folder.resolve()), HOME).replace(str(folder), HOME)
    if language == "json":
        differ = _differ(json.loads(expected), json.loads(found), "")
        assert not differ, f"{differ}, in:\n{found}"
    else:
        _compare_text(_trimmed(expected), _trimmed(found))


def _compare_text(expected: str, found: str) -> None:
    pattern = "(?s:.*?)".join(re.escape(part) for part in expected.split("..."))
    if re.fullmatch(pattern, found) is None:
        lines = difflib.unified_diff(
            expected.splitlines(), found.splitlines(), "the page", "what came out", lineterm=""
        )
        raise AssertionError("\n".join(lines))


def _differ(expected: Any, found: Any, path: str) -> str:
    """Where they differ; keys that the page leaves out do not count."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if lacking := expected.keys() - found.keys():
            return f"{path or 'the top'} lacks {sorted(lacking)}"
        pairs = [(f"{path}.{key}", expected[key], found[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list):
        if expected[-1:] == ["..."]:
            expected, found = expected[:-1], found[: len(expected) - 1]
        if len(expected) != len(found):
            return f"{path} has {len(found)} items, not {len(expected)}"
        pairs = [
            (f"{path}[{n}]", *both) for n, both in enumerate(zip(expected, found, strict=True))
        ]
    elif isinstance(expected, str) and "..." in expected:
        pattern = ".*".join(re.escape(part) for part in expected.split("..."))
        return "" if re.fullmatch(pattern, str(found), re.DOTALL) else f"{path} is {found!r}"
    else:
        return "" if expected == found else f"{path} is {found!r}, not {expected!r}"
    return next((said for key, one, other in pairs if (said := _differ(one, other, key))), "")


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
