"""What lies in a plugin folder: files and packages, in order, without reading them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SKIPPED = ("_", ".")
"""What begins so is no plugin: `__init__.py`, `_helpers.py`, `.git`."""
MARTYCONF = "martyconf.py"


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry of a folder; `wrong` says why it cannot be imported, and what to do."""

    path: Path
    wrong: str = ""


def scanned(folder: Path) -> Iterator[Seen]:
    """Give the plugin files and packages of a folder, by name. Raises `OSError`.

    Passes over `_*`, `.*`, `tests`, a martyconf, other files, and folders without Python files.
    """
    for name in sorted(os.listdir(folder)):
        path = folder / name
        if name.startswith(SKIPPED) or name in ("tests", MARTYCONF):
            continue
        if name.endswith(".py"):
            yield Seen(path, _wrong_file(path))
        elif path.is_dir():
            if (path / "__init__.py").exists():
                yield Seen(path)
            elif _has_python(path):
                yield Seen(
                    path, "has Python files and no __init__.py. Add an empty one, or rename it _*."
                )


def submodules(package: Path) -> tuple[str, ...]:
    """Give the dotted names of the modules below a package, outer first, in order.

    Passes over what `scanned` passes over; a link that leads back up is followed no further.
    """
    return tuple(_below(package, "", (os.path.realpath(package),)))


def _below(folder: Path, prefix: str, above: tuple[str, ...]) -> Iterator[str]:
    for seen in scanned(folder):
        if seen.path.suffix == ".py":
            yield prefix + seen.path.stem
        elif not seen.wrong and (real := os.path.realpath(seen.path)) not in above:
            yield prefix + seen.path.name
            yield from _below(seen.path, f"{prefix}{seen.path.name}.", (*above, real))


def _wrong_file(path: Path) -> str:
    if path.is_dir():
        return "is a folder. Rename it: what ends in .py is taken for a file."
    if path.is_symlink() and not path.exists():
        return f"is a link to {os.readlink(path)}, which is not there. Mend or remove it."
    return ""


def _has_python(folder: Path) -> bool:
    try:
        return any(name.endswith(".py") for name in os.listdir(folder))
    except OSError:
        return False
