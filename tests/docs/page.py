"""A page of the documentation: its headings, its links, and its fenced blocks with their marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKS = frozenset({"broken", "continues", "drawing", "fails", "file", "not run", "run by"})
"""What README.md in this folder explains."""

_FENCE = re.compile(r"^( *)```([\w-]*)\s*$")
_MARK = re.compile(r"^\s*<!--\s*(.*?)\s*-->\s*$")
_HEADING = re.compile(r"^#+\s+(.*?)\s*#*$")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    """Of its first line of code, counted from 1."""
    language: str
    code: str
    marks: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    name: str
    """From the root of the project: `docs/reload.md`."""
    text: str
    headings: tuple[str, ...]
    links: tuple[str, ...]
    scenes: tuple[tuple[Block, ...], ...]
    """Blocks that share a folder, in their order; a heading begins a new scene."""
    run_by: str = ""
    """The test that runs the whole page, where it has one of its own."""

    @property
    def blocks(self) -> Iterator[Block]:
        """All of them."""
        for scene in self.scenes:
            yield from scene

    @property
    def anchors(self) -> frozenset[str]:
        """What a link to a heading may end with, as forges make it."""
        found: list[str] = []
        for heading in self.headings:
            anchor = slug = _slug(heading)
            number = 0
            while anchor in found:
                number += 1
                anchor = f"{slug}-{number}"
            found.append(anchor)
        return frozenset(found)


def pages() -> list[Page]:
    """The README and every page below docs/."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [read(path) for path in paths]


def read(path: Path, root: Path = ROOT) -> Page:
    """Read one page; raises `ValueError` for a mark that means nothing, with its line."""
    name = path.relative_to(root).as_posix()
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    headings: list[str] = []
    prose: list[str] = []
    scenes: list[list[Block]] = []
    marks: dict[str, str] = {}
    page_wide: dict[str, str] = {}
    new_scene, number = True, 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if opening := _FENCE.match(line):
            begin, indent = number, len(opening[1])
            while lines[number].strip() != "```":
                number += 1
            code = "".join(f"{one[indent:]}\n" for one in lines[begin:number])
            number += 1
            block = Block(name, begin + 1, opening[2], code, marks)
            if new_scene and "continues" not in marks:
                scenes.append([])
            scenes[-1].append(block)
            new_scene, marks = False, {}
        elif mark := _MARK.match(line):
            key, _, value = (part.strip() for part in mark[1].partition(":"))
            if key in MARKS:
                marks[key] = value
            elif f"<!-- end of {mark[1].removeprefix('end of ')} -->" not in text:
                raise ValueError(f"{name}:{number}: {mark[1]!r} is no mark: {sorted(MARKS)}")
        elif heading := _HEADING.match(line):
            if not headings:
                page_wide = marks
            headings.append(_plain(heading[1]))
            new_scene, marks = True, {}
        elif line.strip():
            if marks:
                raise ValueError(f"{name}:{number}: {sorted(marks)} stand before no block")
            prose.append(line)
    links = tuple(_LINK.findall("\n".join(prose)))
    run_by = page_wide.get("run by", "")
    return Page(name, text, tuple(headings), links, tuple(map(tuple, scenes)), run_by)


def _plain(heading: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
