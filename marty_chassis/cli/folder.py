"""The folder of the demo: a small project, copied from the package for its reader to change."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from marty_chassis.errors import ConfigurationExists

TEMPLATE: Final = Path(__file__).parent / "demo"
"""What is copied: a configuration, an application, a folder with plugins."""


def made_at(folder: Path | None) -> Path:
    """Fill the folder, a fresh temporary one if none is named, and give it, absolute.

    Raises ConfigurationExists for one that holds anything, and OSError where nothing can be written.
    """
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="marty-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigurationExists(str(folder))
    shutil.copytree(
        TEMPLATE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    return folder.absolute()
