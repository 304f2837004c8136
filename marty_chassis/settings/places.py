"""Where a value of the configuration came from, and the path that names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path as FilePath

__all__ = ["Key", "Kind", "Origin", "Path", "dotted", "nearest"]

Key = str | int
Path = tuple[Key, ...]


class Kind(Enum):
    """The sources, strongest first."""

    ARGUMENT = "argument"
    """given in the code, or on the command line"""
    ENVIRONMENT = "env"
    """a variable of the process's environment"""
    DOTENV = ".env"
    """a line of the `.env` file"""
    SECRET = "secret"
    """a file of the secrets directory"""
    HOOK = "config.load"
    """a plugin's answer to `config.load`"""
    FILE = "file"
    """the configuration file"""

    @property
    def text_only(self) -> bool:
        """Whether this source can hold text alone, so that numbers and lists arrive as text."""
        return self in (Kind.ENVIRONMENT, Kind.DOTENV, Kind.SECRET)


@dataclass(frozen=True, slots=True)
class Origin:
    """One place: what to show to people, and the folder that relative paths start from."""

    kind: Kind
    label: str
    base: FilePath

    def __str__(self) -> str:
        return self.label


def dotted(path: Sequence[Key]) -> str:
    """Give the path as people write it: `plugins.directories.0`."""
    return ".".join(str(key) for key in path)


def nearest(origins: Mapping[Path, Origin], path: Path) -> tuple[Path, Origin | None]:
    """Give the longest beginning of the path that has a place; `((), None)` where none has."""
    for length in range(len(path), -1, -1):
        found = origins.get(path[:length])
        if found is not None:
            return path[:length], found
    return (), None
