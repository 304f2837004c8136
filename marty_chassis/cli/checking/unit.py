"""What is checked as one: a plugin file, a package, what an entry point leads to."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from marty_chassis.discovery import Place, Source
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.martyconf import Martyconf
from marty_chassis.discovery.references import Reference
from marty_chassis.discovery.scan import MARTYCONF

from .source import Kind


@dataclass(frozen=True, slots=True)
class Unit:
    """Files to look at, and how a service would import them."""

    kind: Kind
    files: tuple[Path, ...]
    place: str = ""
    """The path of the file or package, or `distribution:entry point`; empty: it is not imported."""
    name: str = ""
    """What a plugin in it is called that has no name of its own."""
    value: str = ""
    """`package.module:attribute`, of what is installed or will be."""
    distribution: str = ""
    version: str = ""
    search: tuple[str, ...] = ()
    """Folders that must be in `sys.path` for that."""
    group: str = ""
    """Names are used once among the units of a group."""
    asked: bool = False
    """Whether it was named itself, and so should hold a plugin."""

    def read_from(self) -> Place:
        """Give the place that discovery reads."""
        if self.kind == "folder":
            return PluginFile(Source("folder", self.place), self.name)
        if self.kind == "martyconf":
            return Martyconf(Source("martyconf", self.place), self.name)
        version = self.version or "0.0.0"
        source = Source("entry point", self.place, self.distribution, version)
        return Reference(source, self.name, self.value)

    def as_data(self) -> dict[str, Any]:
        """Give what a child process needs to read it."""
        return {**asdict(self), "files": ()}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Unit:
        """Make it of that."""
        return cls(**{**data, "search": tuple(data["search"])})


def lone(path: Path, *, asked: bool = False) -> Unit:
    """Give the unit of a file that is in no package."""
    if path.name == MARTYCONF:
        return Unit("martyconf", (path,), str(path), "martyconf", group=str(path), asked=asked)
    return Unit("folder", (path,), str(path), path.stem, group=str(path.parent), asked=asked)


def package(path: Path, *, asked: bool = False) -> Unit:
    """Give the unit of a package, as one of a plugin folder."""
    # The package of a project imports itself by its name; one of a plugin folder cannot.
    above = path.parent
    projects = any((one / "pyproject.toml").exists() for one in (above, above.parent))
    return Unit(
        "folder",
        files_of(path),
        str(path),
        path.name,
        search=(str(above),) if projects else (),
        group=str(above),
        asked=asked,
    )


def files_of(path: Path) -> tuple[Path, ...]:
    """Give the file itself, or all Python files of a package but its tests."""
    if not path.is_dir():
        return (path,)
    found = sorted(path.rglob("*.py"))
    return tuple(one for one in found if _is_wanted(one.relative_to(path)))


def is_package(path: Path) -> bool:
    """Whether it is a folder with an `__init__.py`."""
    return (path / "__init__.py").exists()


def names_in(folder: Path) -> list[str]:
    """Give what lies in a folder, by name; nothing where it cannot be listed."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _is_wanted(path: Path) -> bool:
    return not any(part.startswith(".") or part in ("tests", "__pycache__") for part in path.parts)
