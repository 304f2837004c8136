"""What the system tells about folders. Needs watchfiles, the extra `watch`."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence

import anyio

STEP = 50
"""Milliseconds without a further event after which a batch is told, and that an end may take."""
BATCH = 200
"""Milliseconds that a batch may grow."""


def polls() -> bool:
    """Whether files are looked at again and again, because their system tells of no changes.

    As watchfiles has it: where WATCHFILES_FORCE_POLLING is set, and under Windows' Linux.
    """
    if said := os.environ.get("WATCHFILES_FORCE_POLLING"):
        return said.lower() not in ("false", "disable", "disabled")
    return "microsoft-standard" in platform.uname().release.lower()


async def listen(
    folders: Sequence[str],
    matters: Callable[[str], bool],
    ring: Callable[[], None],
    ended: anyio.Event,
    recursive: bool,
) -> None:
    """Ring at each batch of events of which one matters, until it has ended.

    Raises what the system says when it cannot watch: `OSError`, `RuntimeError`.
    """
    from watchfiles import Change, awatch

    def worth_a_look(_: Change, path: str) -> bool:
        return matters(path)

    async for _ in awatch(
        *folders,
        watch_filter=worth_a_look,
        debounce=BATCH,
        step=STEP,
        stop_event=ended,
        recursive=recursive,
        force_polling=polls(),
        ignore_permission_denied=True,
    ):
        ring()
