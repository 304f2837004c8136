"""Where the system is asked to watch, and which of what it tells may matter."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from marty_chassis.discovery.scan import MARTYCONF

from .survey import Running, Scene


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders to watch. Two are equal when watching need not begin anew."""

    deep: frozenset[tuple[str, int]]
    """With all that is below them; each with its number on the disk, which a new folder changes."""
    flat: frozenset[tuple[str, int]]
    """Alone, without what is below."""
    names: frozenset[str] = field(compare=False)
    """What matters in the latter, beside Python files."""

    def may_matter(self, path: str) -> bool:
        """Whether an event there, in a folder watched with all that is below, is worth a look.

        A ConfigMap is swapped by `..data`, and names no file; a package is a name without a dot.
        What editors write beside a file ends otherwise, or begins with a dot.
        """
        parts = PurePath(path).parts
        if "__pycache__" in parts:
            return False
        name = parts[-1]
        if name.startswith("."):
            return name.startswith("..")
        return name.endswith(".py") or "." not in name

    def may_matter_here(self, path: str) -> bool:
        """The same for a folder that is watched alone, which may hold logs and databases."""
        name = os.path.basename(path)
        return name in self.names or name.startswith("..") or name.endswith(".py")

    def shown(self, folder: Path) -> str:
        """Say which they are, seen from this folder: those with all below, then files in others."""
        deep = sorted(os.path.relpath(path, folder) + os.sep for path, _ in self.deep)
        return " and ".join([*deep, "the configuration"])

    def __repr__(self) -> str:
        return f"<Roots {', '.join(sorted(path for path, _ in self.deep | self.flat))}>"


def roots(scene: Scene, running: Iterable[Running]) -> Roots:
    """Give the folders to watch, as they are now."""
    deep: set[Path] = set()
    flat: set[Path] = set()
    names: set[str] = {MARTYCONF}
    for folder in scene.plugin_folders():
        # Watched from outside too: folders are deleted, made again, and put in place of another.
        names.add(folder.name)
        if folder.is_dir():
            deep.add(folder)
        _from_outside(folder, flat, names)
    for file in scene.configuration_files():
        names.add(file.name)
        flat.add(file.parent)
    flat.update(_martyconf_folders(scene))
    files = [*map(str, scene.configuration_files()), *(one for r in running for one in r.files)]
    for path in files:
        # What a link leads to is changed where it is.
        real = os.path.realpath(path)
        if real != os.path.abspath(path):
            names.add(os.path.basename(real))
            flat.add(Path(real).parent)
    return Roots(_numbered(deep), _numbered(flat), frozenset(names))


def _from_outside(folder: Path, flat: set[Path], names: set[str]) -> None:
    parent = folder.parent
    while not parent.is_dir() and parent != parent.parent:
        names.add(parent.name)
        parent = parent.parent
    flat.add(parent)


def _martyconf_folders(scene: Scene) -> list[Path]:
    """The folders from the root down to the service's, each of which may get a martyconf."""
    root, end = scene.config.folder, Path(os.path.realpath(scene.service_folder))
    top = Path(os.path.realpath(root))
    if not end.is_relative_to(top):
        return [root]
    folders = [root]
    for part in end.relative_to(top).parts:
        folders.append(folders[-1] / part)
    return folders


def _numbered(folders: Iterable[Path]) -> frozenset[tuple[str, int]]:
    found = set()
    for folder in folders:
        try:
            found.add((str(folder), folder.stat().st_ino))
        except OSError:
            continue  # Deleted just now: seen from outside.
    return frozenset(found)
