"""The specification's own text, block by block; what a test runs is what is printed."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).parent / "specification.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """One fenced block, and the heading it stands below."""

    heading: str
    language: str
    code: str


def _blocks() -> list[Block]:
    found: list[Block] = []
    heading = ""
    inside: list[str] | None = None
    language = ""
    for line in TEXT.splitlines():
        if inside is None and (match := re.match(r"#+ (.*)", line)):
            heading = match[1]
        elif line.startswith("```"):
            if inside is None:
                inside, language = [], line[3:].strip()
            else:
                found.append(Block(heading, language, "\n".join(inside) + "\n"))
                inside = None
        elif inside is not None:
            inside.append(line)
    return found


BLOCKS = _blocks()


def block(heading: str, language: str = "python") -> str:
    """The one block of a language below a heading."""
    (found,) = [b.code for b in BLOCKS if b.heading == heading and b.language == language]
    return found


def as_methods(code: str, *, name: str) -> str:
    """A plugin of the methods that are printed without a class."""
    body = "".join(f"    {line}\n" if line else "\n" for line in code.splitlines())
    return (
        "from marty_chassis.plugins import IPlugin, plugin\n\n\n"
        f"@plugin(name={name!r}, version='1.0.0')\nclass Printed(IPlugin):\n{body}"
    )


async def run(code: str, **given: Any) -> Mapping[str, Any]:
    """Run a snippet that awaits at its top, as in a notebook; give the names it made."""
    compiled = compile(
        code, "specification.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
    )
    space: dict[str, Any] = dict(given)
    result = eval(compiled, space)
    if inspect.isawaitable(result):
        await result
    return space


def run_once(code: str, **given: Any) -> Mapping[str, Any]:
    """Run such a snippet in a loop of its own, which is not the one that will serve."""
    return asyncio.run(_ran(code, given))


async def _ran(code: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return await run(code, **given)
