"""The folder where the workers of one service have their sockets: `<service>-<key>/<pid>.sock`.

Its permissions are all that keeps strangers out: whoever may write there is this user, or root, and
could as well stop the process. So messages need no signature, and a folder that is not this user's
alone is refused.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from marty_chassis.errors import WorkersApart

LONGEST: Final = 103
"""Bytes of a socket's path: 108 with the closing zero on Linux, 104 on macOS and the BSDs."""

_NAME = re.compile(r"(\d{1,10})\.sock")
_WIDEST: Final = "4194304.sock"


def folder_for(service: str, key: str, environ: Mapping[str, str]) -> Path:
    """Make the folder of these workers, 0700, and give it.

    It is below what the system says, `$RUNTIME_DIRECTORY` or `$XDG_RUNTIME_DIR`, or else below the
    folder for temporary files. Raises `WorkersApart` where none of them will do.
    """
    refused: list[str] = []
    for base in _bases(environ):
        try:
            return _made(base, service, key)
        except WorkersApart as error:
            refused.append(error.reason)
        except OSError as error:
            refused.append(f"{base}: {(error.strerror or str(error)).lower()}")
    raise WorkersApart("; ".join(refused))


def pids(folder: Path) -> list[int]:
    """Name the processes that have a socket here; some of them may have ended."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(int(found[1]) for name in names if (found := _NAME.fullmatch(name)))


def socket_of(folder: Path, pid: int) -> Path:
    """Where this process listens, if it does."""
    return folder / f"{pid}.sock"


def sender(folder: Path, address: object) -> int | None:
    """Give the process whose socket this is; None for one that is not of this folder."""
    if not isinstance(address, str) or os.path.dirname(address) != str(folder):
        return None
    found = _NAME.fullmatch(os.path.basename(address))
    return int(found[1]) if found else None


def leave(folder: Path, pid: int) -> None:
    """Take a socket away, and the folder with the last one."""
    with suppress(OSError):
        socket_of(folder, pid).unlink()
    with suppress(OSError):
        folder.rmdir()


def _bases(environ: Mapping[str, str]) -> Iterator[Path]:
    # systemd may name several, with colons between them.
    for given in (
        environ.get("RUNTIME_DIRECTORY", "").partition(":")[0],
        environ.get("XDG_RUNTIME_DIR"),
    ):
        if given and os.path.isabs(given) and os.path.isdir(given):
            yield Path(given) / "marty"
    yield Path(tempfile.gettempdir()) / f"marty-{os.geteuid()}"


def _made(base: Path, service: str, key: str) -> Path:
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", service)[:32].strip(".-") or "service"
    for name in (f"{readable}-{key}", key):
        folder = base / name
        if len(os.fsencode(folder / _WIDEST)) <= LONGEST:
            break
    else:
        reason = f"{folder}: too long for the path of a socket, which has {LONGEST} bytes at most"
        raise WorkersApart(reason)
    for one in (base, folder):
        with suppress(FileExistsError):
            one.mkdir(0o700)
        _refuse_foreign(one)
    return folder


def _refuse_foreign(folder: Path) -> None:
    # Not following a link that somebody else may have put there.
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise WorkersApart(f"{folder}: not a folder")
    if found.st_uid != os.geteuid():
        raise WorkersApart(f"{folder}: belongs to the user {found.st_uid}, not to this one")
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise WorkersApart(f"{folder}: others may use it (mode {mode:o}, not 700)")
