"""Digests of source files: of those that run, and of the same ones as they are on disk now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from marty_chassis.discovery.scan import sources

if TYPE_CHECKING:
    from marty_chassis.discovery.candidate import Candidate


def digest_on_disk(candidate: Candidate) -> str | None:
    """Give what `candidate.sha256` would be if it were read now.

    `None` where its files cannot be read, and for what is not of files. Of what is installed it
    sees the one module that was named.
    """
    files = candidate.files
    if not files:
        return None
    if candidate.source.kind in ("folder", "martyconf") and Path(candidate.source.place).exists():
        unit = Path(candidate.source.place)
        # A package may have got more modules.
        return digest_of({*files, *files_on_disk(unit)}, unit.parent)
    return digest_of(files, Path(files[0]).parent)


def files_on_disk(unit: Path) -> tuple[str, ...]:
    """Give the files of a plugin file or package; nothing where they cannot be listed."""
    try:
        return tuple(str(path) for path in sources(unit))
    except OSError:
        return ()


def digest_of(files: Iterable[str], folder: Path) -> str | None:
    """Read these files and give one digest for all; `None` where one cannot be read."""
    paths = [Path(file) for file in files]
    # Opening a pipe would wait for somebody to write.
    if not all(path.is_file() for path in paths):
        return None
    try:
        return combined({str(path): sha256(path.read_bytes()) for path in paths}, folder)
    except OSError:
        return None


def sha256(data: bytes) -> str:
    """Give the digest as `sha256sum` prints it."""
    return hashlib.sha256(data).hexdigest()


def combined(digests: Mapping[str, str], folder: Path) -> str | None:
    """Give one digest for all these files; of a lone file it is the file's own."""
    if len(digests) < 2:
        return next(iter(digests.values()), None)
    lines = (f"{digests[path]}  {Path(path).relative_to(folder)}\n" for path in sorted(digests))
    return sha256("".join(lines).encode(errors="surrogateescape"))
