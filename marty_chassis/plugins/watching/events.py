"""What the system tells about folders. Needs watchfiles, the extra `watch`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio

STEP = 50
"""Milliseconds without a further event after which a batch is told, and that an end may take."""
BATCH = 200
"""Milliseconds that a batch may grow."""


async def listen(
    folders: Sequence[str],
    matters: Callable[[str], bool],
    ring: Callable[[], None],
    ended: anyio.Event,
    recursive: bool,
) -> None:
    """Ring at each batch of events of which one matters, until it has ended.

    Polls where WATCHFILES_FORCE_POLLING is set. Raises what the system says when it cannot watch:
    `OSError`, `RuntimeError`.
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
        ignore_permission_denied=True,
    ):
        ring()
