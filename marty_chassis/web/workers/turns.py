"""One order at a time in all workers: whoever gives one holds the lock of their folder."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio

from marty_chassis.errors import WorkersApart

_PAUSE: Final = 0.02
_GONE: Final = (
    "Nothing was moved, as the others would not hear of it. Start the service again, with"
    " XDG_RUNTIME_DIR at a folder that lasts."
)


@asynccontextmanager
async def turn(folder: Path, seconds: float) -> AsyncIterator[bool]:
    """Hold the lock inside; False when another has held it all the time.

    Raises `WorkersApart` when the folder has been taken away. It is the folder itself that is locked, so that nothing is left behind; a worker that dies lets
    go of it.
    """
    # Not on Windows, where nobody comes here.
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        # logind takes /run/user/<uid> away when its user logs out, cleaners what is in /tmp.
        raise WorkersApart(f"{folder}: {(error.strerror or str(error)).lower()}", _GONE) from None
    ours = False
    try:
        with anyio.move_on_after(seconds):
            while not ours:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    ours = True
                except BlockingIOError:
                    await anyio.sleep(_PAUSE)
        yield ours
    finally:
        if ours:
            # Said, because a child that a plugin has forked may still hold the handle.
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)
