"""What a test hands over as a plugin, and what it is called."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from marty_chassis.discovery.given import given
from marty_chassis.discovery.scan import scanned


def sorted_out(plugins: Iterable[object]) -> tuple[list[object], list[Path]]:
    """Part plugins from plugin folders, which are folders that are no packages."""
    ones: list[object] = []
    folders: list[Path] = []
    for plugin in plugins:
        path = Path(plugin) if isinstance(plugin, (str, os.PathLike)) else None
        if path is not None and path.is_dir() and not (path / "__init__.py").exists():
            folders.append(path.absolute())
        else:
            ones.append(plugin if path is None else path)
    return ones, folders


def names_of(plugins: Iterable[object]) -> tuple[str, ...]:
    """Give the names of these plugins, folded, as far as their sources show them."""
    ones, folders = sorted_out(plugins)
    ones += [path for folder in folders for path in scanned(folder)]
    return tuple(name for place in given(ones) for name in place.expected())
