"""What lies in a plugin folder: files and packages, in order, without reading them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MARTYCONF: Final = "martyconf.py"
_NOT_FOR_US: Final = ("_", ".")
"""What begins so is no plugin: `__init__.py`, `_helpers.py`, `.git`."""


def scanned(folder: Path) -> Iterator[Path]:
    """Give the plugin files and packages of a folder, by name. Raises `OSError`.

    Passes over `_*`, `.*`, `tests`, a martyconf, other files, and folders without Python files.
    """
    for name in sorted(os.listdir(folder)):
        path = folder / name
        if name.startswith(_NOT_FOR_US) or name in ("tests", MARTYCONF):
            continue
        if name.endswith(".py") or (path.is_dir() and _has_python(path)):
            yield path


def why_not(path: Path) -> str:
    """Say why this cannot be a plugin, and what to do; nothing where it can."""
    if path.suffix != ".py" and path.is_dir():
        if (path / "__init__.py").exists():
            return ""
        return "it has Python files and no __init__.py. Add an empty one, or rename it _*."
    if path.is_dir():
        return "it is a folder. Rename it: what ends in .py is taken for a file."
    if path.is_symlink() and not path.exists():
        return f"it is a link to {os.readlink(path)}, which is not there. Mend or remove it."
    return "" if path.exists() else "it is gone. Bring it back, or unload the plugin."


def submodules(package: Path) -> tuple[str, ...]:
    """Give the dotted names of the modules below a package, outer first, in order.

    Passes over what `scanned` passes over and folders without `__init__.py`; a link that leads
    back up is not followed. Raises `OSError`.
    """
    return tuple(_below(package, "", (os.path.realpath(package),)))


def sources(unit: Path) -> list[Path]:
    """Give the file itself, or the files of a package's modules. Raises `OSError`."""
    if not unit.is_dir():
        return [unit]
    bases = [unit, *(unit.joinpath(*name.split(".")) for name in submodules(unit))]
    return [
        base / "__init__.py" if base.is_dir() else base.with_name(f"{base.name}.py")
        for base in bases
    ]


def _below(folder: Path, prefix: str, above: tuple[str, ...]) -> Iterator[str]:
    for path in scanned(folder):
        if path.suffix == ".py":
            yield prefix + path.stem
        elif (path / "__init__.py").exists() and (real := os.path.realpath(path)) not in above:
            yield prefix + path.name
            yield from _below(path, f"{prefix}{path.name}.", (*above, real))


def _has_python(folder: Path) -> bool:
    try:
        return any(name.endswith(".py") for name in os.listdir(folder))
    except OSError:
        return False
