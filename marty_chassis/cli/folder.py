"""Folders for new projects, and that of the demo: copied from the package for its reader to change."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

TEMPLATE: Final = Path(__file__).parent / "demo"
"""What is copied: a configuration, an application, a folder with plugins."""


def is_free(folder: Path) -> bool:
    """Whether a project may be put there: a new folder, or an empty one."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def made_at(folder: Path | None) -> Path:
    """Fill a free folder, a fresh temporary one if none is named, and give it, absolute.

    Raises OSError where nothing can be written.
    """
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="marty-demo-"))
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TEMPLATE, folder, dirs_exist_ok=True, ignore=ignored)
    return folder.absolute()
