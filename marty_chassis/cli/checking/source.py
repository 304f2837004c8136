"""One file, read and parsed; nothing of it is executed."""

from __future__ import annotations

import ast
import sys
import warnings
from dataclasses import dataclass, field
from importlib.util import decode_source
from pathlib import Path
from typing import Final, Literal

from marty_chassis.discovery.private import read_source
from marty_chassis.discovery.scan import why_not

from .finding import Finding, Severity, parted, shown
from .names import Names
from .outline import Outline
from .parts import Part
from .rules import RULES

LARGEST: Final = 2_000_000
"""Bytes; what is larger was not written by anybody, and takes gigabytes to parse."""

Kind = Literal["folder", "martyconf", "installed"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file that Python can read."""

    path: str
    """As it is shown."""
    kind: Kind
    """How its plugins would be found."""
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)
    names: Names = field(repr=False)
    outline: Outline = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)

    def part_of(self, node: ast.expr) -> Part | None:
        """Give the function of this file that an expression stands for: `tag`, `self.tag`."""
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                owner = self.names.class_of(node)
                found = self.outline.classes.get(owner.name) if owner else None
                return found.find(name) if found else None
            case ast.Name(id=name) if self.names.is_defined_here(node):
                return self.outline.functions.get(name)
        return None

    def finding(
        self,
        rule: str,
        at: ast.AST,
        message: str,
        hint: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        """Give a finding at this place of the file."""
        line = getattr(at, "lineno", 1)
        column = getattr(at, "col_offset", 0)
        if line <= len(self.lines):  # ast counts bytes
            column = len(self.lines[line - 1].encode()[:column].decode(errors="replace"))
        return Finding(
            rule, severity or RULES[rule].severity, self.path, message, hint, line, column + 1
        )


def read(path: Path, kind: Kind) -> Source | Finding:
    """Read one file, or say why that cannot be done."""
    try:
        if path.is_symlink() and (wrong := why_not(path)):
            return _unreadable(path, wrong)
        if (size := path.stat().st_size) > LARGEST:
            return _unreadable(path, f"it has {size:,} bytes, too many. Keep data apart from it.")
        data = read_source(path)
    except SyntaxError as error:
        return _unreadable(path, f"{error.msg}. Write it as text, in UTF-8.", error.lineno)
    except OSError as error:
        said = str(error).removeprefix(f"{path} ")
        what = f"it cannot be read: {error.strerror}" if error.strerror else f"it {said}"
        return _unreadable(path, f"{what}. Let the service read it, or take it out.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of escapes in texts: the compiler says it again.
            tree = ast.parse(data, str(path))
        text = decode_source(data)
        names = Names(tree)
        return Source(
            shown(path), kind, text, tree, names, Outline(tree, names), tuple(text.split("\n"))
        )
    except SyntaxError as error:
        return _broken(path, error)
    except (RecursionError, MemoryError):
        return _unreadable(path, "it is nested too deeply. Write it in shorter expressions.")
    except ValueError as error:
        return _unreadable(path, f"it cannot be parsed: {error}. Write it as Python reads it.")


def _unreadable(path: Path, said: str, line: int | None = None) -> Finding:
    message, hint = parted(said)
    return Finding("unreadable", "error", shown(path), message, hint, line)


def _broken(path: Path, error: SyntaxError) -> Finding:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Finding(
        "syntax",
        "error",
        shown(path),
        f"{error.msg}, says Python {version}",
        "Mend it there; where it is right, let a Python run it that knows it.",
        error.lineno,
        error.offset if error.offset and error.offset > 0 else None,
    )
