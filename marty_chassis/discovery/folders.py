"""From the configured plugin folders to the files and packages in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marty_chassis.discovery.candidate import Source
from marty_chassis.discovery.files import PluginFile
from marty_chassis.discovery.scan import MARTYCONF, scanned
from marty_chassis.errors import Problem

if TYPE_CHECKING:
    from marty_chassis.settings import ChassisConfig


@dataclass(frozen=True, slots=True)
class Folder:
    """One plugin folder, and where it is said that it is one."""

    path: Path
    key: str = ""
    """`plugins.directories.0`; empty for an argument."""
    origin: str = "argument"


def plugin_folders(config: ChassisConfig, extra: Iterable[str | os.PathLike[str]]) -> list[Folder]:
    """Give the configured folders, then those given as arguments, each once.

    Relative ones among the latter start at the working directory.
    """
    cwd = Path.cwd()
    folders = [_configured(config, path, cwd) for path in config.plugin_directories()]
    folders += [Folder(Path(os.path.normpath(cwd / Path(one).expanduser()))) for one in extra]
    by_place: dict[str, Folder] = {}
    for one in folders:
        # One folder under two names would bring each plugin twice.
        by_place.setdefault(os.path.realpath(one.path), one)
    return list(by_place.values())


def files_of(
    folder: Folder, depth: int, scope: str | None, conf_is_read: bool, problems: list[Problem]
) -> Iterator[PluginFile]:
    """Give the plugin files and packages of one folder; what is wrong with it is a problem."""
    try:
        paths = list(scanned(folder.path))
        if not conf_is_read and (conf := folder.path / MARTYCONF).exists():
            problems.append(_unread(conf))
    except OSError as error:
        problems.append(_unusable(folder, error))
        return
    for path in paths:
        name = path.stem if path.suffix == ".py" else path.name
        yield PluginFile(Source("folder", str(path)), name, depth, scope)


def depth_of(folder: str, root: Path) -> int:
    """How many folders below the root this one (links followed) lies; 0 for what is elsewhere."""
    try:
        return len(Path(folder).relative_to(os.path.realpath(root)).parts)
    except ValueError:
        return 0


def _configured(config: ChassisConfig, path: Path, cwd: Path) -> Folder:
    for index, written in enumerate(config.plugins.directories):
        bases = (base / written.expanduser() for base in (config.folder, cwd))
        if str(path) in map(os.path.normpath, bases):
            key = ("plugins", "directories", index)
            return Folder(path, f"plugins.directories.{index}", config.origin(key))
    return Folder(path, "plugins.directories", config.origin(("plugins", "directories")))


def _unusable(folder: Folder, error: OSError) -> Problem:
    if isinstance(error, FileNotFoundError):
        message = f"there is no folder {folder.path}"
        hint = "Create it, or take it out."
    elif isinstance(error, NotADirectoryError):
        message = f"{folder.path} is no folder"
        hint = f"Name the folder that it lies in: {folder.path.parent}."
    else:
        message = f"the folder {folder.path} cannot be read: {error.strerror}"
        hint = "Let the service read it, or take it out."
    return Problem(folder.key, message, folder.origin, hint)


def _unread(conf: Path) -> Problem:
    return Problem(
        "",
        "it is not read here",
        str(conf),
        "A martyconf.py counts in the folders from the configuration file's down to the service's.",
        "warning",
    )
