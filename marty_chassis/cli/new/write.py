"""Writing a new project: all of it or nothing, and over nothing that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True, slots=True)
class Written:
    """What has become of a project's files, by their paths in its folder."""

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    """Those that were there already, and are as they were."""


def write(files: Mapping[str, str], folder: Path) -> Written:
    """Write those files that the folder does not have yet; it may be new, its parent is not.

    Raises OSError, and then nothing is left of what it wrote.
    """
    kept = tuple(path for path in files if os.path.lexists(folder / path))
    missing = {path: text for path, text in files.items() if path not in kept}
    if folder.exists():
        _fill(folder, missing)
    else:
        # The temporary folder is for this user alone; what is in it is as open as any new folder.
        with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
            made = Path(beside) / folder.name
            made.mkdir()
            _fill(made, missing)
            made.rename(folder)
    return Written(folder, tuple(missing), kept)


def _fill(folder: Path, files: Mapping[str, str]) -> None:
    with ExitStack() as undo:
        for path, text in files.items():
            target = folder / path
            for above in reversed([one for one in target.parents if not one.exists()]):
                above.mkdir()
                undo.callback(above.rmdir)
            # "x": a file that has come into being in the meantime is not ours to overwrite.
            with target.open("x", encoding="utf-8", newline="\n") as file:
                undo.callback(target.unlink)
                file.write(text)
        undo.pop_all()
