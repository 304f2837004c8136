"""Which files are libraries: what is written there may have been brought by anybody."""

from __future__ import annotations

import os
import site
import sysconfig
from functools import cache
from pathlib import Path


def is_library(path: str) -> bool:
    """Whether a file is Python's own, installed, ours, or no file at all."""
    return path.startswith(("<", *_folders()))


@cache
def _folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    found.add(str(Path(__file__).parents[2]))
    return tuple(f"{one}{os.sep}" for one in found)
